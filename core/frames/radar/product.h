#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/frames/radar/quantity.h"

namespace nextframe {

/// How a product's files are read.
enum class ProductReader {
  kArray,   ///< one array of HDF5 or netCDF, by its path; numbers by this row's gain and offset
  kRaster,  ///< a band of a picture: GeoTIFF, PGM, GIF (palette indices), PNG, GRIB2
  kOdim,    ///< ODIM HDF5: the data set of a quantity, with gain, offset, nodata and undetect where they stand
  kCf,      ///< CF netCDF: a variable with its own scale, fill value, unit, time and projection
  kEvents,  ///< sequences in one array [N,H,W,T] or [N,T,H,W], as SEVIR has them
};

constexpr auto enum_names(ProductReader) {
  return std::array<std::pair<std::string_view, ProductReader>, 5>{{{"array", ProductReader::kArray},
                                                                    {"raster", ProductReader::kRaster},
                                                                    {"odim", ProductReader::kOdim},
                                                                    {"cf", ProductReader::kCf},
                                                                    {"events", ProductReader::kEvents}}};
}

/// What gain times the stored number plus offset is.
enum class Encoding {
  kLinear,   ///< the quantity itself
  kDecibel,  ///< 10 log10 Z, from which Z = a R^b gives the quantity
};

constexpr auto enum_names(Encoding) {
  return std::array<std::pair<std::string_view, Encoding>, 2>{
      {{"linear", Encoding::kLinear}, {"decibel", Encoding::kDecibel}}};
}

/// When a field is valid: the end of its interval.
struct ProductTime {
  std::string at = {};
  std::string start = {};
  std::string format = {};
  double shift_seconds = 0;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("at", at,
            {.doc = "attribute (\"group/array@name\") or variable with the time, checked against the file's name"});
    v.field("start", start, {.doc = "the same for the start of an accumulation's interval"});
    v.field(
        "format", format,
        {.doc = "fields of these texts, such as %d-%b-%Y;%H:%M:%S*; empty: ISO, seconds since 1970, or CF's units"});
    v.field("shift_seconds", shift_seconds, {.doc = "from the time in the name to the end of the interval"});
  }
};

enum class PlaceBy { kFile, kRow, kKnmi, kOdim };

constexpr auto enum_names(PlaceBy) {
  return std::array<std::pair<std::string_view, PlaceBy>, 4>{
      {{"file", PlaceBy::kFile}, {"row", PlaceBy::kRow}, {"knmi", PlaceBy::kKnmi}, {"odim", PlaceBy::kOdim}}};
}

/// Where the pixels lie.
struct ProductPlace {
  PlaceBy by = PlaceBy::kFile;
  std::string projection = {};
  std::optional<std::array<double, 2>> lower_left = {};
  std::optional<std::array<double, 2>> upper_right = {};
  std::optional<std::array<double, 4>> bounds = {};

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("by", by, {.doc = "file: as it says itself; row: as the keys here say; knmi, odim: by their attributes"});
    v.field("projection", projection, {.doc = "row: WKT, a PROJ string or EPSG:number"});
    v.field("lower_left", lower_left, {.doc = "row: longitude and latitude of the lower left corner"});
    v.field("upper_right", upper_right, {.doc = "row: longitude and latitude of the upper right corner"});
    v.field("bounds", bounds, {.doc = "row: left, lower, right and upper edge in the projection's units"});
  }
};

/// One row of the table of products: how a weather service's files are recognised and what their numbers mean.
struct Product {
  std::string name = {};
  std::string title = {};
  std::string attribution = {};
  std::vector<std::string> files = {};
  std::map<std::string, std::string> attributes = {};
  ProductReader reader = ProductReader::kArray;
  std::string array = {};
  Quantity quantity = Quantity::kNone;
  double interval_seconds = 0;
  double step_seconds = 0;
  std::optional<double> gain = {};
  std::optional<double> offset = {};
  std::string calibration = {};
  Encoding encoding = Encoding::kLinear;
  std::vector<double> missing = {};
  std::vector<double> no_echo = {};
  std::string mask = {};
  ZRelation relation = {};
  ProductTime time;
  ProductPlace place;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("name", name, {.doc = "what data.sources[].product calls it"});
    v.field("title", title, {.doc = "for people"});
    v.field("attribution", attribution, {.doc = "whom the data are from; goes with every forecast"});
    v.field("files", files, {.doc = "names of its files: %Y %m %d %H %M %S %y %j %b are their time, * and ? anything"});
    v.field("attributes", attributes,
            {.doc = "attributes (\"group/array@name\") that its files have, with a pattern of their text"});
    v.field("reader", reader, {.doc = "how its files are built"});
    v.field("array", array,
            {.doc = "array: its path; raster: number of the band (1); odim: a quantity such as DBZH; cf: a variable; "
                    "events: the array"});
    v.field("quantity", quantity, {.doc = "what a pixel measures; none: as the file says (odim, cf)"});
    v.field("interval_seconds", interval_seconds,
            {.doc = "accumulations: the time that they cover; 0: from time.start, else the step", .min = 0});
    v.field("step_seconds", step_seconds, {.doc = "time from one file to the next; 0: the usual distance", .min = 0});
    v.field("gain", gain, {.doc = "value = gain * stored + offset; default: as the file says, else 1"});
    v.field("offset", offset, {.doc = "default: as the file says, else 0"});
    v.field("calibration", calibration,
            {.doc = "attribute such as \"GEO=0.01*PV+0.0\" that overrides gain and offset"});
    v.field("encoding", encoding,
            {.doc = "linear: the value is the quantity; decibel: it is 10 log10 Z, and Z = a R^b gives the quantity"});
    v.field("missing", missing, {.doc = "stored numbers that mean missing; what is no number is always missing"});
    v.field("no_echo", no_echo, {.doc = "stored numbers that mean no rain"});
    v.field(
        "mask", mask,
        {.doc = "path, relative to the file's folder, of its mask with % fields: 0 is missing; a picture, or zlib's "
                "bytes as HKO-7 has them"});
    v.field("relation", relation, {.doc = "how Z and R belong together"});
    v.field("time", time, {.doc = "when a field is valid"});
    v.field("place", place, {.doc = "where the pixels lie"});
  }
};

/// The rows that are built in, most special first.
const std::vector<Product>& built_in_products();

/// Which rows to try for a source, and whether the user chose them: then a file need not be called as they say.
struct ProductChoice {
  std::vector<Product> products;
  bool chosen = false;
};

/// Of an empty text all built-in rows; of a name that row; of a .json file its rows (one, or a list); of a row as JSON text,
/// as a model file keeps it, that one and then the built-in ones. Rejects unknown names with those that there are, and
/// files with all their problems.
ProductChoice choose_products(const std::string& product);

/// The row as JSON text.
std::string to_text(const Product& product);

/// The rows of a JSON text; `where` begins the message. Rejects what a row cannot be: without a name, an array that is
/// needed, or an interval that cannot be known.
std::vector<Product> parse_products(std::string_view text, const std::string& where);

/// Gain and offset of "GEO=0.01*PV+0.0", as KNMI writes them.
std::optional<std::array<double, 2>> parse_calibration(std::string_view text);

}  // namespace nextframe
