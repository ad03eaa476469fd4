#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/json/value.h"

namespace nextframe {

/// Lays `over` on `base`: objects are merged member by member, everything else (lists too) is replaced.
void merge(json::Value& base, const json::Value& over);

/// A configuration file as one document: the file that "extends" names, relative to the file that says so, with this
/// file's members laid on it. "$schema" and "extends" are gone from the result. Rejects files that extend each other in
/// a circle.
json::Value read_document(const std::filesystem::path& path);

/// Applies one "key.path=value". List elements are levels[0].hidden or levels.0.hidden; the index one past the end adds
/// an element. The value is read as JSON where it is JSON, else as text. Rejects what has no '=' or leads into a value
/// that is no object or list.
void apply_override(json::Value& document, std::string_view assignment);

/// Puts environment variables into every text that holds ${NAME}. Rejects a variable that is not set.
void expand_variables(json::Value& document, std::string_view where);

}  // namespace nextframe
