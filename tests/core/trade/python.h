#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <string>

namespace nextframe::test {

/// Where a script says that a module it needs is missing.
inline constexpr int kPythonLacksModules = 77;

/// The exit code of `python3 ARGUMENTS`, or of the Python that NEXTFRAME_PYTHON names; its output goes where this test's does.
inline int run_python(const std::string& arguments) {
  const char* python = std::getenv("NEXTFRAME_PYTHON");
  const std::string command = std::string(python == nullptr ? "python3" : python) + " " + arguments;
  const int status = std::system(command.c_str());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  constexpr int kNoSuchCommand = 127;
  return code == kNoSuchCommand ? kPythonLacksModules : code;
}

}  // namespace nextframe::test
