#include "core/train/data_fingerprint.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/checksum.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/text.h"
#include "core/frames/input_fields.h"

namespace nextframe {
namespace {

constexpr std::string_view kWhere = "state.data";
constexpr std::size_t kMostDifferences = 4;

json::Value clip_fingerprint(const ClipSummary& clip) {
  Checksum pictures, splits;
  pictures.add(clip.pictures);
  for (const Segment& segment : clip.segments) {
    splits.add(static_cast<std::uint64_t>(segment.split));
    splits.add(static_cast<std::uint64_t>(segment.first));
    splits.add(static_cast<std::uint64_t>(segment.last));
  }
  json::Value row = json::Value::object();
  row.set("name", clip.name);
  row.set("frames", clip.frames);
  row.set("pictures", pictures.text());
  row.set("splits", splits.text());
  return row;
}

/// The options of a generator stand in the configuration; here is what they do not tell.
json::Value generator_fingerprint(const DataSet& data, std::size_t number) {
  const SourceOptions& source = data.options().sources[number];
  Checksum pictures;
  if (!source.path.empty()) {
    const MappedFile glyphs(source.path);
    pictures.add(glyphs.bytes().data(), glyphs.bytes().size());
  }
  Sequence sequence;
  data.read(Split::kTrain, static_cast<std::int64_t>(number), sequence);
  pictures.add(sequence.frames.data(), sequence.frames.size() * sizeof(float));
  json::Value row = json::Value::object();
  row.set("name", source.path.empty() ? format("generator {}", number) : source.path);
  row.set("frames", 0);
  row.set("pictures", pictures.text());
  row.set("splits", "");
  return row;
}

std::string name_of(const json::Value& row) { return row.at("name", kWhere).get<std::string>(kWhere); }

bool same(const json::Value& a, const json::Value& b, std::string_view key) {
  return a.at(key, kWhere) == b.at(key, kWhere);
}

/// Everything but the name.
bool same_frames(const json::Value& a, const json::Value& b) {
  return same(a, b, "frames") && same(a, b, "pictures") && same(a, b, "splits");
}

const json::Value* find_named(const json::Value& rows, const std::string& name) {
  for (const json::Value& row : rows.items(kWhere)) {
    if (name_of(row) == name) return &row;
  }
  return nullptr;
}

std::string difference_of(const json::Value& saved, const json::Value& now) {
  const std::string name = name_of(now);
  if (!same(saved, now, "frames")) {
    return format("{} had {} frames, has {}", name, saved.at("frames", kWhere).get<std::int64_t>(kWhere),
                  now.at("frames", kWhere).get<std::int64_t>(kWhere));
  }
  if (!same(saved, now, "pictures")) return name + " shows other pictures";
  return name + " is split otherwise";
}

std::vector<std::string> differences_between(const json::Value& saved, const json::Value& now) {
  std::vector<std::string> differences;
  for (const json::Value& row : saved.items(kWhere)) {
    const json::Value* other = find_named(now, name_of(row));
    if (other == nullptr) {
      differences.push_back(name_of(row) + " is gone");
    } else if (!same_frames(row, *other)) {
      differences.push_back(difference_of(row, *other));
    }
  }
  for (const json::Value& row : now.items(kWhere)) {
    if (find_named(saved, name_of(row)) == nullptr) differences.push_back(name_of(row) + " is new");
  }
  if (differences.empty()) differences.emplace_back("the clips come in another order");
  return differences;
}

}  // namespace

json::Value fingerprint_of(const DataSet& data) {
  json::Value rows = json::Value::array();
  if (data.generated()) {
    for (std::size_t i = 0; i < data.options().sources.size(); ++i) rows.push_back(generator_fingerprint(data, i));
  } else {
    for (const ClipSummary& clip : data.clips()) rows.push_back(clip_fingerprint(clip));
    for (std::size_t i = 0; i < data.options().inputs.size(); ++i) {
      Checksum pictures;
      pictures.add(data.inputs()->field(i).pictures());
      json::Value row = json::Value::object();
      row.set("name", "input " + data.options().inputs[i].name);
      row.set("frames", 0);
      row.set("pictures", pictures.text());
      row.set("splits", "");
      rows.push_back(row);
    }
  }
  return rows;
}

void check_same_data(const json::Value& saved, const json::Value& now, const std::filesystem::path& path) {
  const json::Value::Array& before = saved.items(kWhere);
  const json::Value::Array& after = now.items(kWhere);
  if (before.size() == after.size() && std::equal(before.begin(), before.end(), after.begin(), same_frames)) return;
  std::vector<std::string> differences = differences_between(saved, now);
  const std::size_t count = differences.size();
  differences.resize(std::min(count, kMostDifferences));
  reject(
      "[train] {}: cannot resume with other data: {}{}; give it the data that it began with, or begin a new run with "
      "--init {}",
      path.string(), join(differences, "; "),
      count > kMostDifferences ? format("; and {} more", count - kMostDifferences) : "", path.parent_path().string());
}

}  // namespace nextframe
