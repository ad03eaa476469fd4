#include "core/render/staged_folder.h"

#include <unistd.h>

#include <system_error>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace nextframe {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStagePrefix = ".nextframe-partial-";
constexpr int kMostTries = 1000;

fs::path without_slash(const std::string& path) {
  fs::path result(path);
  if (!result.has_filename() && result.has_parent_path()) result = result.parent_path();
  return result;
}

/// Removes the hidden folders of killed processes.
void remove_leftover_stages(const fs::path& place) {
  std::vector<fs::path> stages;
  std::error_code code;
  for (fs::directory_iterator entry(place, code), end; !code && entry != end; entry.increment(code)) {
    if (entry->path().filename().string().starts_with(kStagePrefix)) stages.push_back(entry->path());
  }
  for (const fs::path& stage : stages) {
    const FolderLock lock(stage);
    if (lock.state() == FolderLock::State::kHeld) fs::remove_all(stage, code);
  }
}

}  // namespace

StagedFolder::StagedFolder(const std::string& path, IfExists if_exists, IsOwn is_own, std::string kind)
    : folder_(without_slash(path)), is_own_(is_own), kind_(std::move(kind)) {
  std::error_code code;
  const fs::file_status status = fs::status(folder_, code);
  exists_ = fs::exists(status);
  if (exists_ && !fs::is_directory(status)) reject("[output] {}: is a file, expected a folder", folder_.string());
  if (exists_) check_contents(if_exists);
  make_stage();
}

StagedFolder::~StagedFolder() {
  std::error_code code;
  if (!stage_.empty()) fs::remove_all(stage_, code);
}

fs::path StagedFolder::add(const std::string& name) {
  if (!names_.insert(name).second) fail("[output] {}: {} was written twice", folder_.string(), name);
  return stage_ / name;
}

void StagedFolder::commit() {
  if (names_.empty()) reject("[output] {}: no frame was written", folder_.string());
  std::error_code code;
  if (exists_) {
    for (const std::string& name : names_) {
      if (!code) fs::rename(stage_ / name, folder_ / name, code);
    }
    if (!code) remove_older();
  } else {
    fs::rename(stage_, folder_, code);
  }
  if (code) fail("[output] {}: writing failed: {}", folder_.string(), code.message());
  if (exists_) fs::remove(stage_, code);
  stage_.clear();
}

void StagedFolder::check_contents(IfExists if_exists) const {
  std::error_code code;
  bool older = false;
  fs::directory_iterator entry(folder_, code);
  for (const fs::directory_iterator end; !code && entry != end; entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(kStagePrefix)) continue;
    if (!is_own_(name)) {
      reject("[output] {}: holds \"{}\", which is no {}; choose a new or empty folder", folder_.string(), name, kind_);
    }
    older = true;
  }
  if (code) reject("[output] {}: the folder cannot be read: {}", folder_.string(), code.message());
  if (older && if_exists == IfExists::kRefuse) {
    reject("[output] {}: holds an earlier {}; choose another folder or give --overwrite", folder_.string(), kind_);
  }
}

void StagedFolder::make_stage() {
  const fs::path parent = folder_.has_parent_path() ? folder_.parent_path() : fs::path(".");
  std::error_code code;
  if (!exists_ && !fs::is_directory(parent, code)) {
    reject("[output] {}: the folder {} does not exist", folder_.string(), parent.string());
  }
  const fs::path place = exists_ ? folder_ : parent;
  remove_leftover_stages(place);
  for (int number = 0;; ++number) {
    stage_ = place / format("{}{}-{}-{}", kStagePrefix, folder_.filename().string(), ::getpid(), number);
    if (!fs::create_directory(stage_, code)) {
      if (!code && number < kMostTries) continue;
      const std::string reason = code ? code.message() : "its temporary folder exists";
      stage_.clear();
      reject("[output] {}: cannot be written: {}", folder_.string(), reason);
    }
    // Until it is locked, another process may take it for a leftover.
    lock_.emplace(stage_);
    if (lock_->state() != FolderLock::State::kTaken && fs::exists(stage_, code)) return;
  }
}

void StagedFolder::remove_older() const {
  std::vector<fs::path> older;
  std::error_code code;
  for (fs::directory_iterator entry(folder_, code), end; !code && entry != end; entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    if (is_own_(name) && !names_.contains(name)) older.push_back(entry->path());
  }
  for (const fs::path& path : older) fs::remove(path, code);
}

}  // namespace nextframe
