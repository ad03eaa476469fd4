#include "core/frames/radar/odim_layout.h"

#include <array>
#include <cmath>
#include <string_view>

#include "core/base/error.h"
#include "core/frames/radar/field_place.h"
#include "core/frames/radar/file_values.h"

namespace nextframe {
namespace {

/// Data of a file, and the groups that describe them.
struct OdimData {
  std::string quantity;
  std::string data_set;
  std::string data;

  std::vector<std::string> what() const { return {data + "/what", data_set + "/what", "/what"}; }
};

std::vector<OdimData> list_data(const RasterFile& file) {
  std::vector<OdimData> all;
  for (const RasterArray& array : file.arrays()) {
    if (!array.path.ends_with("/data")) continue;
    OdimData& here = all.emplace_back();
    here.data = array.path.substr(0, array.path.rfind('/'));
    here.data_set = here.data.substr(0, here.data.rfind('/'));
    here.quantity = first_text(file, {here.data + "/what", here.data_set + "/what"}, "quantity");
  }
  return all;
}

OdimData choose(const RasterFile& file, const std::string& quantity, const std::string& name) {
  constexpr std::array<std::string_view, 6> kUsual{"RATE", "ACRR", "DBZH", "DBZV", "TH", "DBZ"};
  const std::vector<OdimData> all = list_data(file);
  std::vector<std::string_view> wanted(kUsual.begin(), kUsual.end());
  if (!quantity.empty()) wanted = {quantity};
  std::vector<std::string> names;
  for (const std::string_view one : wanted) {
    for (const OdimData& data : all) {
      if (data.quantity == one) return data;
    }
  }
  for (const OdimData& data : all) names.push_back(data.quantity);
  reject("[radar] {}: has no data of the quantity {}; it has {}", name,
         quantity.empty() ? "RATE, ACRR or DBZH" : quantity, shortened(names, 12));
}

Quantity quantity_of(const std::string& name) {
  if (name == "RATE") return Quantity::kRate;
  return name == "ACRR" ? Quantity::kAccumulation : Quantity::kReflectivity;
}

UtcSeconds moment_of(const RasterFile& file, const OdimData& data, const std::string& date, const std::string& time) {
  const std::vector<std::string> what = data.what();
  return parse_time("%Y%m%d%H%M%S", first_text(file, what, date) + first_text(file, what, time)).value_or(kNoTime);
}

void take_times(const RasterFile& file, const Product& product, const OdimData& data, FieldLayout& layout) {
  UtcSeconds valid = moment_of(file, data, "date", "time");
  if (layout.measurement.quantity == Quantity::kAccumulation) {
    const UtcSeconds start = moment_of(file, data, "startdate", "starttime");
    const UtcSeconds end = moment_of(file, data, "enddate", "endtime");
    layout.measurement.interval_seconds = product.interval_seconds;
    if (product.interval_seconds == 0 && start != kNoTime && end > start) {
      layout.measurement.interval_seconds = static_cast<double>(end - start);
    }
    if (end != kNoTime) valid = end;
  }
  if (valid != kNoTime) layout.times = {valid};
}

/// Volumes and scans are in azimuth and range, which no rectangle of pixels shows.
void require_composite(const RasterFile& file, const std::string& name) {
  const std::string object = first_text(file, {"/what"}, "object");
  for (const std::string_view polar : {"PVOL", "SCAN", "RAY", "AZIM", "ELEV", "VP", "XSEC"}) {
    if (object == polar) {
      reject("[radar] {}: holds a \"{}\" of one radar; expected a composite (COMP) or an image (IMAGE)", name, object);
    }
  }
}

}  // namespace

FieldLayout layout_of_odim(const RasterFile& file, const Product& product, const std::string& name) {
  require_composite(file, name);
  const OdimData data = choose(file, product.array, name);
  const std::vector<std::string> what = data.what();
  const auto numbers = [&](const std::vector<double>& row, const char* key) {
    return row.empty() ? std::vector<double>{first_number(file, what, key, NAN)} : row;
  };
  FieldLayout layout;
  layout.array = array_named(file, data.data + "/data", name);
  take_axes(name, layout);
  layout.gain = product.gain.value_or(first_number(file, what, "gain", 1));
  layout.offset = product.offset.value_or(first_number(file, what, "offset", 0));
  layout.missing = numbers(product.missing, "nodata");
  layout.no_echo = numbers(product.no_echo, "undetect");
  layout.measurement.relation = product.relation;
  layout.measurement.quantity = product.quantity == Quantity::kNone ? quantity_of(data.quantity) : product.quantity;
  take_times(file, product, data, layout);
  layout.place = place_of_odim(file, {data.data_set + "/where", "/where"});
  return layout;
}

}  // namespace nextframe
