#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "core/base/format.h"

namespace nextframe {

/// Who has to act on an error; the program's exit code follows from it.
enum class ErrorKind {
  kRequest,  ///< what was asked for is wrong (a file, an option, a configuration): exit code 2
  kFailure,  ///< the request was right and something failed while running: exit code 1
};

/// The one exception type. The message is complete: what was wrong, where, what was expected, what to try.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// Throws an Error of kind kRequest: `reject("[frames] {}: expected ..., got ...", path)`.
template <class... Args>
[[noreturn]] void reject(FormatString<Args...> text, Args&&... args) {
  throw Error(ErrorKind::kRequest, format(text, std::forward<Args>(args)...));
}

/// Throws an Error of kind kFailure.
template <class... Args>
[[noreturn]] void fail(FormatString<Args...> text, Args&&... args) {
  throw Error(ErrorKind::kFailure, format(text, std::forward<Args>(args)...));
}

}  // namespace nextframe
