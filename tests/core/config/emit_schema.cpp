#include <cstdio>
#include <exception>

#include "core/base/atomic_file.h"
#include "core/config/config.h"

/// Writes the configuration's JSON schema to the file named.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: emit_schema FILE\n", stderr);
    return 2;
  }
  try {
    nextframe::write_file_atomically(argv[1], nextframe::config_schema().dump(2) + "\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
