#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/frames/radar/raster_file.h"
#include "core/frames/radar/time_format.h"

namespace nextframe {

/// What an attribute ("group/array@name") or a variable of one element says; nothing where there is none.
std::optional<RasterAttribute> value_at(const RasterFile& file, const std::string& path);

/// The time that stands there: by `pattern` where there is one, else in ISO's form, counted in a variable's CF units, or
/// seconds since 1970. kNoTime where the path is empty or leads nowhere; rejects what is no time, `name` is the file's.
UtcSeconds time_at(const RasterFile& file, const std::string& path, const std::string& pattern,
                   const std::string& name);

/// A number counted in CF's units, such as "minutes since 2010-08-26 00:00:00".
UtcSeconds counted_time(double number, const std::string& unit);

/// The attribute `key` of the first of several groups that has it.
double first_number(const RasterFile& file, const std::vector<std::string>& groups, const std::string& key,
                    double otherwise);
std::string first_text(const RasterFile& file, const std::vector<std::string>& groups, const std::string& key);

/// Names one after the other, the first `most` of them.
std::string shortened(std::vector<std::string> names, std::size_t most);

/// "arrays: ...; attributes: ...", shortened.
std::string contents_of(const RasterFile& file);

/// The array of that path; rejects a file without it and says what it has.
const RasterArray& array_named(const RasterFile& file, const std::string& path, const std::string& name);

}  // namespace nextframe
