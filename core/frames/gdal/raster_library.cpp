#include <gdal_priv.h>
#include <ogr_spatialref.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/frames/gdal/library.h"
#include "core/frames/radar/raster_file.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

using gdal::DatasetHandle;
using gdal::prepare_library;
using gdal::QuietErrors;
using gdal::system_of;
using gdal::wkt_of;

std::array<double, 2> transformed(const OGRSpatialReference& from, const OGRSpatialReference& to, double x, double y) {
  const QuietErrors errors;
  const std::unique_ptr<OGRCoordinateTransformation> way(OGRCreateCoordinateTransformation(&from, &to));
  if (!way || !way->Transform(1, &x, &y)) reject("[radar] ({}, {}) cannot be projected{}", x, y, errors.text());
  return {x, y};
}

OGRSpatialReference geographic_of(const OGRSpatialReference& system) {
  OGRSpatialReference geographic;
  geographic.CopyGeogCSFrom(&system);
  geographic.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  return geographic;
}

std::optional<double> number_of(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\n+");
  const std::size_t last = text.find_last_not_of(" \t\n");
  if (first == std::string::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data() + first, text.data() + last + 1, value);
  if (error != std::errc{} || end != text.data() + last + 1) return std::nullopt;
  return value;
}

RasterAttribute attribute_of(const std::string& text) {
  RasterAttribute result{.text = text, .numbers = {}};
  if (const auto number = number_of(text)) result.numbers.push_back(*number);
  return result;
}

/// The name in front of '@' and the one behind.
std::pair<std::string, std::string> split_attribute(const std::string& path) {
  const std::size_t at = path.rfind('@');
  if (at == std::string::npos) return {path, ""};
  return {path.substr(0, at), path.substr(at + 1)};
}

/// Where every step is the same: the edge of the first pixel and the step; else nothing.
std::optional<std::array<double, 2>> regular_axis(const std::vector<double>& centres) {
  if (centres.size() < 2) return std::nullopt;
  const auto last = static_cast<double>(centres.size() - 1);
  const double step = (centres.back() - centres.front()) / last;
  if (!std::isfinite(step) || step == 0) return std::nullopt;
  for (std::size_t i = 0; i < centres.size(); ++i) {
    const double expected = centres.front() + step * static_cast<double>(i);
    if (!(std::abs(centres[i] - expected) <= 0.05 * std::abs(step))) return std::nullopt;
  }
  return std::array<double, 2>{centres.front() - step / 2, step};
}

/// HDF5 and netCDF.
class ArrayFile final : public RasterFile {
 public:
  ArrayFile(std::string path, DatasetHandle dataset)
      : path_(std::move(path)), dataset_(std::move(dataset)), root_(dataset_->GetRootGroup()) {
    if (!root_) reject("[radar] {}: holds no arrays", path_);
    list(*root_, 0);
  }

  const std::vector<RasterArray>& arrays() const override { return arrays_; }

  std::vector<std::string> attributes() const override {
    const QuietErrors errors;
    std::vector<std::string> names;
    for (const std::string& owner : groups_) {
      if (const auto group = group_at(owner)) add_names(owner, group->GetAttributes(), names);
    }
    for (const RasterArray& array : arrays_) {
      if (const auto open = root_->OpenMDArrayFromFullname(array.path)) {
        add_names(array.path, open->GetAttributes(), names);
      }
    }
    return names;
  }

  std::optional<RasterAttribute> attribute(const std::string& path) const override {
    const QuietErrors errors;
    const auto [owner, name] = split_attribute(path);
    const std::string full = owner.starts_with('/') ? owner : "/" + owner;
    std::shared_ptr<GDALAttribute> found;
    if (const auto group = group_at(full)) found = group->GetAttribute(name);
    if (!found) {
      if (const auto array = root_->OpenMDArrayFromFullname(full)) found = array->GetAttribute(name);
    }
    if (!found) return std::nullopt;
    if (found->GetDataType().GetClass() != GEDTC_NUMERIC) {
      const char* text = found->ReadAsString();
      return attribute_of(text == nullptr ? "" : text);
    }
    RasterAttribute result;
    result.numbers = found->ReadAsDoubleArray();
    if (!result.numbers.empty()) result.text = format("{}", result.numbers.front());
    return result;
  }

  std::vector<double> read(const RasterArray& array, std::span<const std::int64_t> start,
                           std::span<const std::int64_t> count) const override {
    const QuietErrors errors;
    const auto open = root_->OpenMDArrayFromFullname(array.path);
    if (!open) reject("[radar] {}: {} cannot be opened{}", path_, array.path, errors.text());
    std::size_t elements = 1;
    std::vector<GUInt64> from(start.begin(), start.end());
    std::vector<std::size_t> length(count.begin(), count.end());
    for (const std::size_t n : length) elements *= n;
    std::vector<double> values(elements);
    const std::vector<GInt64> steps(length.size(), 1);
    if (!open->Read(from.data(), length.data(), steps.data(), nullptr, GDALExtendedDataType::Create(GDT_Float64),
                    values.data())) {
      reject("[radar] {}: {} cannot be read; the file is damaged or cut off{}", path_, array.path, errors.text());
    }
    return values;
  }

  GeoReference place(const RasterArray& array) const override {
    const QuietErrors errors;
    GeoReference result;
    const auto open = root_->OpenMDArrayFromFullname(array.path);
    const auto system = open ? open->GetSpatialRef() : nullptr;
    const std::size_t rank = array.shape.size();
    if (!system || rank < 2) return result;
    const auto y = axis(array.dimensions[rank - 2]), x = axis(array.dimensions[rank - 1]);
    if (!x || !y) return result;
    result.projection = wkt_of(*system);
    result.transform = {(*x)[0], (*x)[1], 0, (*y)[0], 0, (*y)[1]};
    return result;
  }

 private:
  void list(const GDALGroup& group, int depth) {
    constexpr int kDeepest = 16;
    const QuietErrors errors;
    groups_.push_back(group.GetFullName());
    // Else scalars, which hold the times of some accumulations, are not among the names.
    const std::array<const char*, 2> options{"SHOW_ZERO_DIM=YES", nullptr};
    for (const std::string& name : group.GetMDArrayNames(options.data())) {
      if (const auto array = group.OpenMDArray(name)) arrays_.push_back(describe(*array));
    }
    if (depth == kDeepest) return;
    for (const std::string& name : group.GetGroupNames()) {
      if (const auto deeper = group.OpenGroup(name)) list(*deeper, depth + 1);
    }
  }

  static RasterArray describe(GDALMDArray& array) {
    RasterArray result;
    result.path = array.GetFullName();
    for (const auto& dimension : array.GetDimensions()) {
      result.shape.push_back(static_cast<std::int64_t>(dimension->GetSize()));
      const auto coordinates = dimension->GetIndexingVariable();
      result.dimensions.push_back(coordinates ? coordinates->GetFullName() : "");
    }
    const GDALExtendedDataType& type = array.GetDataType();
    result.type = type.GetClass() == GEDTC_NUMERIC ? GDALGetDataTypeName(type.GetNumericDataType()) : "text";
    result.unit = array.GetUnit();
    bool known = false;
    const double scale = array.GetScale(&known);
    if (known) result.scale = scale;
    const double offset = array.GetOffset(&known);
    if (known) result.offset = offset;
    const double missing = array.GetNoDataValueAsDouble(&known);
    if (known) result.missing = missing;
    return result;
  }

  std::shared_ptr<GDALGroup> group_at(const std::string& path) const {
    return path.empty() || path == "/" ? root_ : root_->OpenGroupFromFullname(path);
  }

  static void add_names(const std::string& owner, const std::vector<std::shared_ptr<GDALAttribute>>& attributes,
                        std::vector<std::string>& names) {
    for (const auto& attribute : attributes) names.push_back(owner + "@" + attribute->GetName());
  }

  /// Edge and step of a coordinate, in metres where it counts kilometres.
  std::optional<std::array<double, 2>> axis(const std::string& path) const {
    const RasterArray* coordinate = path.empty() ? nullptr : find(path);
    if (coordinate == nullptr || coordinate->shape.size() != 1) return std::nullopt;
    const std::array<std::int64_t, 1> start{0};
    auto found = regular_axis(read(*coordinate, start, coordinate->shape));
    const double scale = coordinate->unit == "km" ? 1000 : 1;
    if (found) *found = {(*found)[0] * scale, (*found)[1] * scale};
    return found;
  }

  std::string path_;
  DatasetHandle dataset_;
  std::shared_ptr<GDALGroup> root_;
  std::vector<std::string> groups_;
  std::vector<RasterArray> arrays_;
};

/// Pictures, a band an array.
class BandFile final : public RasterFile {
 public:
  BandFile(std::string path, DatasetHandle dataset) : path_(std::move(path)), dataset_(std::move(dataset)) {
    for (int number = 1; number <= dataset_->GetRasterCount(); ++number) {
      GDALRasterBand& band = *dataset_->GetRasterBand(number);
      RasterArray& array = arrays_.emplace_back();
      array.path = std::to_string(number);
      array.shape = {dataset_->GetRasterYSize(), dataset_->GetRasterXSize()};
      array.dimensions = {"", ""};
      array.type = GDALGetDataTypeName(band.GetRasterDataType());
      array.unit = band.GetUnitType();
      int known = 0;
      const double scale = band.GetScale(&known);
      if (known != 0) array.scale = scale;
      const double offset = band.GetOffset(&known);
      if (known != 0) array.offset = offset;
      const double missing = band.GetNoDataValue(&known);
      if (known != 0) array.missing = missing;
    }
    if (arrays_.empty()) reject("[radar] {}: holds no picture", path_);
  }

  const std::vector<RasterArray>& arrays() const override { return arrays_; }

  std::vector<std::string> attributes() const override {
    std::vector<std::string> names;
    add_names("", dataset_->GetMetadata(), names);
    for (const RasterArray& array : arrays_) add_names(array.path, band(array).GetMetadata(), names);
    return names;
  }

  std::optional<RasterAttribute> attribute(const std::string& path) const override {
    const auto [owner, name] = split_attribute(path);
    const RasterArray* array = owner.empty() ? nullptr : find(owner);
    if (!owner.empty() && array == nullptr) return std::nullopt;
    const char* text =
        array == nullptr ? dataset_->GetMetadataItem(name.c_str()) : band(*array).GetMetadataItem(name.c_str());
    if (text == nullptr) return std::nullopt;
    return attribute_of(text);
  }

  std::vector<double> read(const RasterArray& array, std::span<const std::int64_t> start,
                           std::span<const std::int64_t> count) const override {
    const QuietErrors errors;
    std::vector<double> values(static_cast<std::size_t>(count[0] * count[1]));
    const auto rows = static_cast<int>(count[0]), columns = static_cast<int>(count[1]);
    if (band(array).RasterIO(GF_Read, static_cast<int>(start[1]), static_cast<int>(start[0]), columns, rows,
                             values.data(), columns, rows, GDT_Float64, 0, 0, nullptr) != CE_None) {
      reject("[radar] {}: cannot be read; the file is damaged or cut off{}", path_, errors.text());
    }
    return values;
  }

  GeoReference place(const RasterArray&) const override {
    GeoReference result;
    const OGRSpatialReference* system = dataset_->GetSpatialRef();
    std::array<double, 6> transform{};
    if (system == nullptr || dataset_->GetGeoTransform(transform.data()) != CE_None) return result;
    result.projection = wkt_of(*system);
    result.transform = transform;
    return result;
  }

 private:
  GDALRasterBand& band(const RasterArray& array) const { return *dataset_->GetRasterBand(std::stoi(array.path)); }

  static void add_names(const std::string& owner, char** items, std::vector<std::string>& names) {
    for (; items != nullptr && *items != nullptr; ++items) {
      const std::string item = *items;
      names.push_back(owner + "@" + item.substr(0, item.find('=')));
    }
  }

  std::string path_;
  DatasetHandle dataset_;
  std::vector<RasterArray> arrays_;
};

}  // namespace

bool can_read_rasters() { return true; }

std::unique_ptr<RasterFile> open_raster(const std::string& path, RasterView view) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error) reject("[radar] {}: cannot be read ({})", path, error.message());
  if (bytes == 0) reject("[radar] {}: is empty", path);
  prepare_library();
  const QuietErrors errors;
  const std::string name = path.ends_with(".gz") ? "/vsigzip/" + path : path;
  const unsigned kind = view == RasterView::kArrays ? GDAL_OF_MULTIDIM_RASTER : GDAL_OF_RASTER;
  DatasetHandle dataset(
      GDALDataset::Open(name.c_str(), kind | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR, nullptr, nullptr, nullptr));
  if (!dataset) {
    reject("[radar] {}: cannot be opened; it is no radar file that GDAL knows, or damaged or cut off{}", path,
           errors.text());
  }
  if (view == RasterView::kArrays) return std::make_unique<ArrayFile>(path, std::move(dataset));
  return std::make_unique<BandFile>(path, std::move(dataset));
}

std::string to_wkt(const std::string& projection) { return wkt_of(system_of(projection)); }

std::array<double, 2> project(const std::string& projection, double longitude, double latitude) {
  const OGRSpatialReference system = system_of(projection);
  return transformed(geographic_of(system), system, longitude, latitude);
}

std::array<double, 2> unproject(const std::string& projection, double x, double y) {
  const OGRSpatialReference system = system_of(projection);
  return transformed(system, geographic_of(system), x, y);
}

std::string describe_projection(const std::string& projection) {
  const OGRSpatialReference system = system_of(projection);
  const char* name = system.GetName();
  if (name != nullptr && std::string(name) != "unknown" && std::string(name) != "unnamed") return name;
  char* text = nullptr;
  std::string proj;
  if (system.exportToProj4(&text) == OGRERR_NONE && text != nullptr) proj = text;
  CPLFree(text);
  return proj;
}

}  // namespace nextframe
