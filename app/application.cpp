#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/commands/run_support.h"
#include "app/help.h"
#include "app/output.h"
#include "app/version.h"
#include "core/base/error.h"
#include "core/base/stderr_log.h"
#include "core/base/terminal.h"

namespace nextframe::app {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongRequest = 2;

std::vector<std::unique_ptr<Command>> make_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_train_command());
  commands.push_back(make_forecast_command());
  commands.push_back(make_evaluate_command());
  commands.push_back(make_compare_command());
  commands.push_back(make_inspect_command());
  commands.push_back(make_bench_command());
  commands.push_back(make_generate_command());
  commands.push_back(make_import_command());
  commands.push_back(make_export_command());
  return commands;
}

int help_columns() { return std::clamp(stdout_columns() - 1, 40, 110); }

int run_request(int argc, char** argv, StderrLog& log) {
  const std::vector<std::unique_ptr<Command>> commands = make_commands();
  std::vector<std::unique_ptr<CommandSpec>> owned;
  std::vector<const CommandSpec*> specs;
  for (const auto& command : commands) {
    owned.push_back(std::make_unique<CommandSpec>(command->name(), command->summary()));
    command->declare(*owned.back());
    specs.push_back(owned.back().get());
  }
  if (argc < 2) {
    std::fputs(program_help(specs, std::clamp(stderr_columns() - 1, 40, 110)).c_str(), stderr);
    return kWrongRequest;
  }
  const Request request = parse_command_line(argc, argv, specs);
  switch (request.kind) {
    case Request::Kind::kHelp:
      print_result(program_help(specs, help_columns()));
      return 0;
    case Request::Kind::kCommandHelp:
      print_result(command_help(*request.command, help_columns()));
      return 0;
    case Request::Kind::kVersion:
      print_result(version_text());
      return 0;
    case Request::Kind::kRun:
      break;
  }
  const auto place = std::ranges::find(specs, request.command) - specs.begin();
  return commands[static_cast<std::size_t>(place)]->run(log);
}

}  // namespace
}  // namespace nextframe::app

/// The module's only door; see main.cpp. The one place where errors become messages and exit codes.
extern "C" int nextframe_main(int argc, char** argv) {
  using namespace nextframe;
  StderrLog log;
  try {
    return app::run_request(argc, argv, log);
  } catch (const Error& error) {
    log.write(LogLevel::kError, error.what());
    return error.kind() == ErrorKind::kRequest ? app::kWrongRequest : app::kFailed;
  } catch (const app::Interrupted&) {
    log.write(LogLevel::kInfo, "interrupted; nothing was written");
    return kInterruptedExitCode;
  } catch (const std::bad_alloc&) {
    log.write(
        LogLevel::kError,
        "out of memory; fewer or smaller frames, a smaller batch or a smaller model need less, see nextframe inspect");
  } catch (const std::exception& error) {
    log.write(LogLevel::kError, error.what());
  }
  return app::kFailed;
}
