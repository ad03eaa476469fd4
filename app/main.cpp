#include <dlfcn.h>

#include <cstdio>
#include <string_view>

#include "app/shipped_files.h"
#include "app/version.h"

/// The commands, and with them OpenCV's 250 shared libraries, are in a module beside the program that is only loaded
/// when a command runs: `--version` answers in a few milliseconds.
int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    return std::fputs(nextframe::app::version_text().c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
  }
  void* module = dlopen(nextframe::app::find_module(NEXTFRAME_MODULE).c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = module == nullptr ? nullptr : dlsym(module, "nextframe_main");
  if (entry == nullptr) {
    std::fprintf(stderr, "error: nextframe is not installed completely: %s\n", dlerror());
    return 1;
  }
  return reinterpret_cast<int (*)(int, char**)>(entry)(argc, argv);
}
