#pragma once

#include <memory>
#include <string>

#include "app/command_line.h"
#include "core/base/log.h"
#include "core/base/stderr_log.h"

namespace nextframe::app {

/// One verb of the program: what it takes and what it does.
class Command {
 public:
  Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  virtual ~Command() = default;

  virtual std::string name() const = 0;
  /// One line for the program's help page.
  virtual std::string summary() const = 0;
  virtual void declare(CommandSpec& spec) = 0;
  /// The exit code.
  virtual int run(StderrLog& log) = 0;
};

std::unique_ptr<Command> make_train_command();
std::unique_ptr<Command> make_forecast_command();
std::unique_ptr<Command> make_evaluate_command();
std::unique_ptr<Command> make_compare_command();
std::unique_ptr<Command> make_inspect_command();
std::unique_ptr<Command> make_bench_command();
std::unique_ptr<Command> make_generate_command();
std::unique_ptr<Command> make_import_command();
std::unique_ptr<Command> make_export_command();

}  // namespace nextframe::app
