// The example of docs/python.md, as it stands there, opens a model file.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/format.h"
#include "core/model/model_file.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/trade/python.h"

namespace nextframe::test {
namespace {

namespace fs = std::filesystem;

/// The first indented block of a document.
std::string first_example(const fs::path& document) {
  std::ifstream stream(document);
  std::string example;
  for (std::string line; std::getline(stream, line);) {
    const bool code = line.starts_with("    ");
    if (code) {
      example += line.substr(4) + "\n";
    } else if (line.empty() && !example.empty()) {
      example += "\n";
    } else if (!example.empty()) {
      break;
    }
  }
  return example;
}

TEST(PythonExample, OpensAModelFile) {
  const fs::path root = NEXTFRAME_ROOT;
  const std::string example = first_example(root / "docs/python.md");
  ASSERT_NE(example.find("safe_open(\"data/moving-digits.safetensors\""), std::string::npos) << example;
  const TemporaryFolder folder;
  const fs::path script = folder.path() / "example.py", output = folder.path() / "output.txt";
  std::ofstream(script) << "import sys\ntry:\n    import numpy, safetensors\nexcept ImportError:\n    sys.exit("
                        << kPythonLacksModules << ")\nimport os\nos.chdir(r'" << root.string() << "')\n"
                        << example;
  const int code = run_python(format("{} > {}", script.string(), output.string()));
  if (code == kPythonLacksModules) {
    GTEST_SKIP() << "no Python with numpy and safetensors here; NEXTFRAME_PYTHON can name one";
  }
  EXPECT_EQ(code, 0);
  std::stringstream text;
  text << std::ifstream(output).rdbuf();
  const ModelFile model = read_model_file((root / "data/moving-digits.safetensors").string());
  std::int64_t values = 0;
  for (const NamedTensor& tensor : model.tensors) {
    values += tensor.shape.elements();
    EXPECT_NE(text.str().find(tensor.name + " ("), std::string::npos) << tensor.name;
  }
  EXPECT_NE(text.str().find(format("}} {}\n", values)), std::string::npos) << text.str();
}

}  // namespace
}  // namespace nextframe::test
