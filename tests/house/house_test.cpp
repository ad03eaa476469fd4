#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/house/include_scan.h"

namespace nextframe::test {
namespace {

namespace fs = std::filesystem;

std::size_t problem_count(const std::string& path, const std::string& source) {
  return find_include_problems(path, source).size();
}

TEST(House, TheCheckItselfSeesWrongIncludes) {
  EXPECT_EQ(problem_count("core/json/a.cpp", "#include \"core/base/error.h\"\n#include <nlohmann/json.hpp>\n"), 0u);
  EXPECT_EQ(problem_count("core/base/a.cpp", "#include \"core/json/value.h\"\n"), 1u);
  EXPECT_EQ(problem_count("core/loss/a.cpp", "#include \"core/optim/optimizer.h\"\n"), 1u);
  EXPECT_EQ(problem_count("core/backend/cpu/a.cpp", "#include \"core/backend/backend.h\"\n"), 0u);
  EXPECT_EQ(problem_count("core/backend/cpu/a.cpp", "#include \"core/backend/reference/loops.h\"\n"), 1u);
  EXPECT_EQ(problem_count("core/nn/cells/a.cpp", "#include \"core/model/options.h\"\n"), 1u);
  EXPECT_EQ(problem_count("core/train/a.cpp", "  #  include <opencv2/core.hpp>\n"), 1u);
  EXPECT_EQ(problem_count("core/train/a.cpp", "#include <some_library/thing.hpp>\n"), 1u);
  EXPECT_EQ(problem_count("core/train/a.cpp", "#include \"trainer.h\"\n"), 1u);
  EXPECT_EQ(problem_count("core/train/a.cpp", "#include <vector>\n#include <unistd.h>\n"), 0u);
  EXPECT_EQ(problem_count("core/train/a.cpp", "#include \"tests/support/golden.h\"\n"), 1u);
}

TEST(House, IncludesFollowTheOrderOfTheFolders) {
  const std::vector<std::string> sources = list_sources(NEXTFRAME_ROOT);
  ASSERT_GT(sources.size(), 30u);
  for (const std::string& path : sources) {
    for (const std::string& problem : find_include_problems(path, read_text(fs::path(NEXTFRAME_ROOT) / path))) {
      ADD_FAILURE() << problem;
    }
  }
}

TEST(House, NoFileNamesAPlaceOnOneMachine) {
  // Pieced together, so that this file does not name such a place itself.
  const std::regex place("(^|[^A-Za-z0-9_.$}/])/(" + std::string("work|home|root|Users") + ")/[A-Za-z0-9_.]|/tmp/" +
                         "build");
  const fs::path root(NEXTFRAME_ROOT);
  std::vector<fs::path> files;
  for (const char* folder : {"app", "cmake", "configs", "core", "data", "tests"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string ending = entry.path().extension().string();
      for (const char* text : {".h", ".cpp", ".cu", ".txt", ".cmake", ".json", ".md", ".py", ".sh"}) {
        if (ending == text) files.push_back(entry.path());
      }
    }
  }
  for (const char* name : {"CMakeLists.txt", "CMakePresets.json", "README.md", "dev", ".ci/run"})
    files.push_back(root / name);
  for (const fs::path& path : files) {
    std::istringstream lines(read_text(path));
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      if (line.size() < 2000 && std::regex_search(line, place)) ADD_FAILURE() << path << ":" << number << ": " << line;
    }
  }
}

}  // namespace
}  // namespace nextframe::test
