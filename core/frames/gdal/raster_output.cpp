#include "core/frames/radar/raster_output.h"

#include <gdal_priv.h>
#include <ogr_spatialref.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/frames/gdal/library.h"

namespace nextframe {
namespace {

using gdal::DatasetHandle;
using gdal::QuietErrors;

constexpr const char* kTimeUnit = "seconds since 1970-01-01 00:00:00 UTC";

GDALExtendedDataType doubles() { return GDALExtendedDataType::Create(GDT_Float64); }
GDALExtendedDataType floats() { return GDALExtendedDataType::Create(GDT_Float32); }

GDALDriver& driver_named(const char* driver, const std::string& name) {
  gdal::prepare_library();
  GDALDriver* found = GetGDALDriverManager()->GetDriverByName(driver);
  if (found == nullptr) fail("[output] {}: this GDAL has no driver {}", name, driver);
  return *found;
}

/// Fails with the library's reason unless `ok`.
void check(bool ok, const std::string& name, const QuietErrors& errors) {
  if (!ok || errors.any()) fail("[output] {}: writing failed{}", name, errors.text());
}

std::string iso_time(UtcSeconds time) { return fill_time("%Y-%m-%dT%H:%M:%SZ", time); }

class NetcdfOutput final : public RasterOutput {
 public:
  NetcdfOutput(const std::string& path, const std::string& name, const RasterHeader& header, const RasterTimes& times,
               std::int64_t height, std::int64_t width)
      : name_(name), height_(height), width_(width) {
    // HDF5 locks what it writes, and an empty file that is there already may be locked by whoever made it.
    std::error_code absent;
    std::filesystem::remove(path, absent);
    const QuietErrors errors;
    dataset_.reset(driver_named("netCDF", name).CreateMultiDimensional(path.c_str(), nullptr, nullptr));
    root_ = dataset_ ? dataset_->GetRootGroup() : nullptr;
    check(root_ != nullptr, name_, errors);
    add_note(*root_, {.name = "Conventions", .text = "CF-1.8"});
    for (const RasterNote& note : header.notes) add_note(*root_, note);
    time_ = add_times(header, times);
    add_place(header.place);
    for (const RasterLayer& layer : header.layers) add_layer(header, layer);
    check(true, name_, errors);
  }

  void write(std::int64_t time, std::int64_t layer, std::span<const float> values) override {
    const QuietErrors errors;
    const std::array<GUInt64, 3> start{static_cast<GUInt64>(time), 0, 0};
    const std::array<std::size_t, 3> count{1, static_cast<std::size_t>(height_), static_cast<std::size_t>(width_)};
    const bool ok = layers_.at(static_cast<std::size_t>(layer))
                        ->Write(start.data(), count.data(), nullptr, nullptr, floats(), values.data());
    check(ok, name_, errors);
  }

  ~NetcdfOutput() override {
    const QuietErrors errors;
    release();
  }

  void close() override {
    const QuietErrors errors;
    release();
    check(true, name_, errors);
  }

 private:
  /// The file is complete once nothing of it is held any more.
  void release() {
    layers_.clear();
    time_.reset();
    y_.reset();
    x_.reset();
    root_.reset();
    dataset_.reset();
  }

  template <class Owner>
  void add_note(Owner& owner, const RasterNote& note) {
    const auto type = note.number ? doubles() : GDALExtendedDataType::CreateString();
    const auto attribute = owner.CreateAttribute(note.name, {}, type, nullptr);
    const bool ok = attribute && (note.number ? attribute->Write(*note.number) : attribute->Write(note.text.c_str()));
    if (!ok) fail("[output] {}: the attribute {} cannot be written", name_, note.name);
  }

  /// One that is called as its only dimension holds the coordinates of that.
  void add_array(const std::string& array, const std::vector<std::shared_ptr<GDALDimension>>& dimensions,
                 const std::vector<double>& values, const std::vector<RasterNote>& notes) {
    const auto made = root_->CreateMDArray(array, dimensions, doubles(), nullptr);
    if (!made) fail("[output] {}: {} cannot be written", name_, array);
    for (const RasterNote& note : notes) add_note(*made, note);
    std::vector<GUInt64> start(dimensions.size(), 0);
    std::vector<std::size_t> count;
    for (const auto& dimension : dimensions) count.push_back(dimension->GetSize());
    if (!made->Write(start.data(), count.data(), nullptr, nullptr, doubles(), values.data())) {
      fail("[output] {}: {} cannot be written", name_, array);
    }
  }

  std::shared_ptr<GDALDimension> add_times(const RasterHeader& header, const RasterTimes& times) {
    const RasterNote unit{.name = "units", .text = kTimeUnit}, calendar{.name = "calendar", .text = "standard"};
    const auto dimension = root_->CreateDimension("time", GDAL_DIM_TYPE_TEMPORAL, "", times.valid.size(), nullptr);
    std::vector<double> valid, leads, bounds;
    for (const UtcSeconds time : times.valid) {
      valid.push_back(static_cast<double>(time));
      leads.push_back(static_cast<double>(time - times.reference));
      bounds.push_back(static_cast<double>(time) - header.interval_seconds);
      bounds.push_back(static_cast<double>(time));
    }
    std::vector<RasterNote> notes{{.name = "standard_name", .text = "time"},
                                  {.name = "long_name", .text = "time for which the forecast is valid"},
                                  {.name = "axis", .text = "T"},
                                  unit,
                                  calendar};
    if (header.interval_seconds > 0) {
      notes.push_back({.name = "bounds", .text = "time_bounds"});
      const auto ends = root_->CreateDimension("bound", "", "", 2, nullptr);
      add_array("time_bounds", {dimension, ends}, bounds, {});
    }
    add_array("time", {dimension}, valid, notes);
    add_array("forecast_period", {dimension}, leads,
              {{.name = "standard_name", .text = "forecast_period"},
               {.name = "long_name", .text = "lead time"},
               {.name = "units", .text = "s"}});
    add_array("forecast_reference_time", {}, {static_cast<double>(times.reference)},
              {{.name = "standard_name", .text = "forecast_reference_time"},
               {.name = "long_name", .text = "time of the last field seen"},
               unit,
               calendar});
    return dimension;
  }

  std::shared_ptr<GDALDimension> add_axis(const char* axis, std::int64_t length, double edge, double step) {
    const bool is_x = axis[0] == 'X';
    const char* type = is_x ? GDAL_DIM_TYPE_HORIZONTAL_X : GDAL_DIM_TYPE_HORIZONTAL_Y;
    const char* plain = is_x ? "x" : "y";
    if (!system_) return root_->CreateDimension(plain, type, "", static_cast<GUInt64>(length), nullptr);
    const bool angles = system_->IsGeographic() != 0;
    const std::string name = !angles ? plain : is_x ? "longitude" : "latitude";
    const double kilometre = 1000;
    const std::string unit = angles ? (is_x ? "degrees_east" : "degrees_north")
                                    : (system_->GetLinearUnits(nullptr) == kilometre ? "km" : "m");
    const auto dimension = root_->CreateDimension(name, type, "", static_cast<GUInt64>(length), nullptr);
    std::vector<double> centres;
    for (std::int64_t i = 0; i < length; ++i) centres.push_back(edge + step * (static_cast<double>(i) + 0.5));
    add_array(name, {dimension}, centres,
              {{.name = "standard_name", .text = angles ? name : "projection_" + name + "_coordinate"},
               {.name = "long_name", .text = "centres of the pixels"},
               {.name = "axis", .text = axis},
               {.name = "units", .text = unit}});
    return dimension;
  }

  void add_place(const GeoReference& place) {
    if (place.known()) system_ = gdal::system_of(place.projection);
    y_ = add_axis("Y", height_, place.transform[3], place.transform[5]);
    x_ = add_axis("X", width_, place.transform[0], place.transform[1]);
  }

  void add_layer(const RasterHeader& header, const RasterLayer& layer) {
    const std::string block = "BLOCKSIZE=1," + std::to_string(height_) + "," + std::to_string(width_);
    // Level 1 with the bytes shuffled: higher levels take several times as long for a few percent.
    const std::array<const char*, 4> options{"COMPRESS=DEFLATE", "ZLEVEL=1", block.c_str(), nullptr};
    auto array = root_->CreateMDArray(layer.name, {time_, y_, x_}, floats(), options.data());
    if (!array) fail("[output] {}: {} cannot be written", name_, layer.name);
    if (!array->SetNoDataValue(static_cast<double>(kMissingPixel))) {
      fail("[output] {}: the fill value of {} cannot be written", name_, layer.name);
    }
    for (const RasterNote& note : layer.notes) add_note(*array, note);
    add_note(*array, {.name = "units", .text = layer.unit});
    add_note(*array, {.name = "coordinates", .text = "forecast_period forecast_reference_time"});
    if (header.interval_seconds > 0 && layers_.empty()) add_note(*array, {.name = "cell_methods", .text = "time: sum"});
    if (system_) array->SetSpatialRef(&*system_);
    layers_.push_back(std::move(array));
  }

  std::string name_;
  std::int64_t height_;
  std::int64_t width_;
  DatasetHandle dataset_;
  std::shared_ptr<GDALGroup> root_;
  std::optional<OGRSpatialReference> system_;
  std::shared_ptr<GDALDimension> time_, y_, x_;
  std::vector<std::shared_ptr<GDALMDArray>> layers_;
};

class GeotiffOutput final : public RasterOutput {
 public:
  GeotiffOutput(const std::string& path, const std::string& name, const RasterHeader& header, const RasterTimes& times,
                std::int64_t height, std::int64_t width)
      : name_(name), height_(static_cast<int>(height)), width_(static_cast<int>(width)) {
    const QuietErrors errors;
    const std::array<const char*, 3> options{"COMPRESS=DEFLATE", "PREDICTOR=3", nullptr};
    dataset_.reset(driver_named("GTiff", name)
                       .Create(path.c_str(), width_, height_, static_cast<int>(header.layers.size()), GDT_Float32,
                               const_cast<char**>(options.data())));
    check(dataset_ != nullptr, name_, errors);
    if (header.place.known()) {
      const OGRSpatialReference system = gdal::system_of(header.place.projection);
      dataset_->SetSpatialRef(&system);
      std::array<double, 6> transform = header.place.transform;
      dataset_->SetGeoTransform(transform.data());
    }
    add_note(*dataset_, {.name = "forecast_reference_time", .text = iso_time(times.reference)});
    add_note(*dataset_, {.name = "valid_time", .text = iso_time(times.valid.front())});
    for (const RasterNote& note : header.notes) add_note(*dataset_, note);
    for (std::size_t i = 0; i < header.layers.size(); ++i) {
      const RasterLayer& layer = header.layers[i];
      GDALRasterBand& band = *dataset_->GetRasterBand(static_cast<int>(i) + 1);
      band.SetNoDataValue(static_cast<double>(kMissingPixel));
      band.SetUnitType(layer.unit.c_str());
      band.SetDescription(layer.name.c_str());
      for (const RasterNote& note : layer.notes) add_note(band, note);
      if (i == 0 && header.interval_seconds > 0) {
        add_note(band, {.name = "interval_seconds", .number = header.interval_seconds});
      }
    }
    check(true, name_, errors);
  }

  ~GeotiffOutput() override {
    const QuietErrors errors;
    dataset_.reset();
  }

  void write(std::int64_t, std::int64_t layer, std::span<const float> values) override {
    const QuietErrors errors;
    auto* pixels = const_cast<float*>(values.data());
    GDALRasterBand& band = *dataset_->GetRasterBand(static_cast<int>(layer) + 1);
    check(
        band.RasterIO(GF_Write, 0, 0, width_, height_, pixels, width_, height_, GDT_Float32, 0, 0, nullptr) == CE_None,
        name_, errors);
  }

  void close() override {
    const QuietErrors errors;
    dataset_.reset();
    check(true, name_, errors);
  }

 private:
  static void add_note(GDALMajorObject& owner, const RasterNote& note) {
    owner.SetMetadataItem(note.name.c_str(), note.number ? format("{}", *note.number).c_str() : note.text.c_str());
  }

  std::string name_;
  int height_;
  int width_;
  DatasetHandle dataset_;
};

}  // namespace

std::unique_ptr<RasterOutput> create_netcdf(const std::string& path, const std::string& name,
                                            const RasterHeader& header, const RasterTimes& times, std::int64_t height,
                                            std::int64_t width) {
  return std::make_unique<NetcdfOutput>(path, name, header, times, height, width);
}

std::unique_ptr<RasterOutput> create_geotiff(const std::string& path, const std::string& name,
                                             const RasterHeader& header, const RasterTimes& times, std::int64_t height,
                                             std::int64_t width) {
  return std::make_unique<GeotiffOutput>(path, name, header, times, height, width);
}

}  // namespace nextframe
