#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/error.h"
#include "core/config/config.h"
#include "core/config/document.h"

/// Reads a configuration, and what is read must come back from its own effective form. The first line may be an
/// override.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = input.find('\n');
  const std::string_view line = input.substr(0, line_end);
  const bool overridden = line_end != std::string_view::npos && line.find('=') != std::string_view::npos;
  try {
    nextframe::json::Value document = nextframe::json::parse(overridden ? input.substr(line_end + 1) : input, "fuzz",
                                                             nextframe::json::Comments::kAllowed);
    if (overridden) nextframe::apply_override(document, line);
    const std::string written = nextframe::config_to_json(nextframe::config_from_json(document, "fuzz")).dump(2);
    const nextframe::Config again = nextframe::config_from_json(nextframe::json::parse(written, "written"), "written");
    if (nextframe::config_to_json(again).dump(2) != written) std::abort();
  } catch (const nextframe::Error&) {
    // Refusing is right; anything else that is thrown is a finding.
  }
  return 0;
}
