#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/model/model_file.h"
#include "core/tensor/npy.h"

namespace {

namespace fs = std::filesystem;

void write_model(const fs::path& folder) {
  fs::create_directories(folder);
  nextframe::ModelFile model;
  model.tensors.push_back({"head.0.weight", nextframe::Shape{1, 2, 1, 1}, {0.5F, -1.0F}});
  model.tensors.push_back({"head.0.bias", nextframe::Shape{1}, {0.25F}});
  nextframe::write_model_file((folder / "model.safetensors").string(), model);
}

void write_arrays(const fs::path& folder) {
  fs::create_directories(folder);
  const std::vector<std::int64_t> shape{2, 3};
  const std::vector<float> floats(6, 0.5F);
  const std::vector<std::uint8_t> bytes(6, 7);
  std::ofstream float_file(folder / "float.npy", std::ios::binary);
  nextframe::write_npy(float_file, shape, floats);
  std::ofstream byte_file(folder / "byte.npy", std::ios::binary);
  nextframe::write_npy(byte_file, shape, bytes);
}

void write_images(const fs::path& folder) {
  fs::create_directories(folder);
  const std::string header{'\0', '\0', '\x08', '\x03', '\0', '\0', '\0', '\x02',
                           '\0', '\0', '\0',   '\x01', '\0', '\0', '\0', '\x02'};
  nextframe::write_file_atomically(folder / "images.idx", header + "abcd");
}

}  // namespace

/// Writes one valid file of each binary format below the folder named, for the fuzz targets to start from.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: fuzz_seeds FOLDER\n", stderr);
    return 2;
  }
  try {
    const fs::path root(argv[1]);
    write_model(root / "model_file");
    write_arrays(root / "npy");
    write_images(root / "idx");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
