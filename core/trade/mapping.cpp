#include "core/trade/mapping.h"

#include <charconv>

#include "core/base/error.h"
#include "core/json/fields.h"

namespace nextframe {
namespace {

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.front() == '-' || error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

struct Count {
  std::int64_t offset = 0, sign = 1;
};

/// "k", "k+1", "k-1", "3-k".
std::optional<Count> parse_count(std::string_view text) {
  if (text == "k") return Count{};
  if (text.starts_with("k+") || text.starts_with("k-")) {
    const std::optional<std::int64_t> number = whole(text.substr(2));
    if (!number) return {};
    return Count{text[1] == '+' ? *number : -*number, 1};
  }
  if (!text.ends_with("-k")) return {};
  const std::optional<std::int64_t> number = whole(text.substr(0, text.size() - 2));
  if (!number) return {};
  return Count{*number, -1};
}

}  // namespace

CountedName::CountedName(std::string_view text, std::string_view where) {
  std::string_view rest = text;
  for (std::size_t open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
    const std::size_t close = rest.find('}', open);
    const std::optional<Count> count =
        close == std::string_view::npos ? std::nullopt : parse_count(rest.substr(open + 1, close - open - 1));
    if (!count) reject("{}: \"{}\" holds a brace that is none of {{k}}, {{k+1}}, {{k-1}}, {{3-k}}", where, text);
    pieces_.push_back({std::string(rest.substr(0, open)), count->offset, count->sign});
    counted_ = true;
    rest.remove_prefix(close + 1);
  }
  pieces_.push_back({std::string(rest)});
}

std::string CountedName::at(std::int64_t k) const {
  std::string name;
  for (const Piece& piece : pieces_) {
    name += piece.text;
    if (piece.sign != 0) name += std::to_string(piece.offset + piece.sign * k);
  }
  return name;
}

std::optional<std::int64_t> CountedName::match(std::string_view name) const {
  for (std::int64_t k = 0; k < (counted_ ? kMost : 1); ++k) {
    if (at(k) == name) return k;
  }
  return {};
}

Mapping read_mapping(const std::filesystem::path& path) {
  json::Value document = json::read_file(path);
  const std::string where = format("[import] {}", path.string());
  if (document.is_object()) document.erase("$schema");
  auto mapping = options_from_json<Mapping>(document, where);
  if (mapping.name.empty()) mapping.name = path.stem().string();
  return mapping;
}

}  // namespace nextframe
