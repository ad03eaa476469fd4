#include "tests/core/frames_radar/raster_writing.h"

#include <gdal_priv.h>
#include <ogr_spatialref.h>
#include <zlib.h>

#include <array>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace nextframe::testing {
namespace {

struct Close {
  void operator()(GDALDataset* dataset) const { GDALClose(dataset); }
};
using Handle = std::unique_ptr<GDALDataset, Close>;

GDALDriver& driver_named(const std::string& name) {
  CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");
  GDALAllRegister();
  GDALDriver* driver = GetGDALDriverManager()->GetDriverByName(name.c_str());
  if (driver == nullptr) throw std::runtime_error("no driver " + name);
  return *driver;
}

GDALDataType type_of(RasterToWrite::Type type) {
  return type == RasterToWrite::Type::kByte     ? GDT_Byte
         : type == RasterToWrite::Type::kUint16 ? GDT_UInt16
                                                : GDT_Float32;
}

void write_times(GDALGroup& group, const std::string& name,
                 const std::vector<std::shared_ptr<GDALDimension>>& dimensions,
                 const std::vector<std::int64_t>& minutes) {
  auto array = group.CreateMDArray(name, dimensions, GDALExtendedDataType::Create(GDT_Float64), nullptr);
  array->SetUnit("minutes since 2010-08-26 00:00:00");
  const std::vector<double> values(minutes.begin(), minutes.end());
  const std::array<GUInt64, 1> start{0};
  const std::array<std::size_t, 1> count{values.size()};
  array->Write(start.data(), count.data(), nullptr, nullptr, GDALExtendedDataType::Create(GDT_Float64), values.data());
}

std::shared_ptr<GDALDimension> write_axis(GDALGroup& group, const std::string& name, const std::string& type,
                                          std::int64_t length, double first, double step) {
  auto dimension = group.CreateDimension(name, type, "", static_cast<GUInt64>(length), nullptr);
  auto array = group.CreateMDArray(name, {dimension}, GDALExtendedDataType::Create(GDT_Float64), nullptr);
  array->SetUnit("km");
  std::vector<double> values;
  for (std::int64_t i = 0; i < length; ++i) values.push_back(first + step * static_cast<double>(i));
  const std::array<GUInt64, 1> start{0};
  const std::array<std::size_t, 1> count{values.size()};
  array->Write(start.data(), count.data(), nullptr, nullptr, GDALExtendedDataType::Create(GDT_Float64), values.data());
  dimension->SetIndexingVariable(array);
  return dimension;
}

}  // namespace

void write_raster(const std::string& path, const std::string& driver, const RasterToWrite& raster) {
  const auto rows = static_cast<int>(raster.height), columns = static_cast<int>(raster.width);
  Handle memory(driver_named("MEM").Create("", columns, rows, 1, type_of(raster.type), nullptr));
  GDALRasterBand& band = *memory->GetRasterBand(1);
  std::vector<double> values = raster.stored;
  if (band.RasterIO(GF_Write, 0, 0, columns, rows, values.data(), columns, rows, GDT_Float64, 0, 0, nullptr) !=
      CE_None) {
    throw std::runtime_error("no raster in memory");
  }
  if (raster.scale) band.SetScale(*raster.scale);
  if (raster.offset) band.SetOffset(*raster.offset);
  if (raster.missing) band.SetNoDataValue(*raster.missing);
  if (!raster.unit.empty()) band.SetUnitType(raster.unit.c_str());
  for (const std::string& item : raster.metadata) {
    const std::size_t equals = item.find('=');
    band.SetMetadataItem(item.substr(0, equals).c_str(), item.substr(equals + 1).c_str());
  }
  if (!raster.projection.empty()) {
    OGRSpatialReference system;
    system.SetFromUserInput(raster.projection.c_str());
    memory->SetSpatialRef(&system);
    std::array<double, 6> transform{raster.left, raster.pixel, 0, raster.top, 0, -raster.pixel};
    memory->SetGeoTransform(transform.data());
  }
  const Handle written(driver_named(driver).CreateCopy(path.c_str(), memory.get(), FALSE, nullptr, nullptr, nullptr));
  if (!written) throw std::runtime_error("cannot write " + path);
}

void write_netcdf(const std::string& path, const NetcdfToWrite& file) {
  const Handle dataset(driver_named("netCDF").CreateMultiDimensional(path.c_str(), nullptr, nullptr));
  const auto root = dataset->GetRootGroup();
  const auto y = write_axis(*root, "y", GDAL_DIM_TYPE_HORIZONTAL_Y, file.height, file.top, file.row);
  const auto x = write_axis(*root, "x", GDAL_DIM_TYPE_HORIZONTAL_X, file.width, 5, 1);
  std::vector<std::shared_ptr<GDALDimension>> dimensions;
  if (file.start) {
    write_times(*root, "valid_time", {}, file.minutes);
    write_times(*root, "start_time", {}, {*file.start});
  } else {
    dimensions.push_back(root->CreateDimension("time", GDAL_DIM_TYPE_TEMPORAL, "", file.minutes.size(), nullptr));
    write_times(*root, "time", dimensions, file.minutes);
  }
  dimensions.push_back(y);
  dimensions.push_back(x);
  auto array = root->CreateMDArray(file.variable, dimensions, GDALExtendedDataType::Create(GDT_Int16), nullptr);
  array->SetUnit(file.unit);
  array->SetScale(file.scale);
  array->SetOffset(file.offset);
  array->SetNoDataValue(static_cast<double>(file.missing));
  OGRSpatialReference system;
  system.SetFromUserInput("+proj=aea +lat_1=-18 +lat_2=-36 +lat_0=-37.852 +lon_0=144.752 +ellps=GRS80 +units=m");
  array->SetSpatialRef(&system);
  const std::vector<GUInt64> start(dimensions.size(), 0);
  std::vector<std::size_t> count;
  for (const auto& dimension : dimensions) count.push_back(dimension->GetSize());
  array->Write(start.data(), count.data(), nullptr, nullptr, GDALExtendedDataType::Create(GDT_Int16),
               file.stored.data());
}

void write_pgm(const std::string& path, std::int64_t height, std::int64_t width,
               const std::vector<std::uint8_t>& stored, const std::string& comment) {
  std::string bytes = "P5\n# " + comment + "\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n";
  bytes.append(stored.begin(), stored.end());
  if (!path.ends_with(".gz")) {
    std::ofstream(path, std::ios::binary) << bytes;
    return;
  }
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

void write_packed(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  uLongf length = compressBound(bytes.size());
  std::string packed(length, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &length, bytes.data(), bytes.size());
  packed.resize(length);
  std::ofstream(path, std::ios::binary) << packed;
}

}  // namespace nextframe::testing
