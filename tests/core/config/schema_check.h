#pragma once

#include "core/json/value.h"

namespace nextframe::test {

/// Whether `value` is valid by `schema`, for the keywords that the project's schema uses; throws on any other keyword.
bool is_valid(const json::Value& value, const json::Value& schema);

}  // namespace nextframe::test
