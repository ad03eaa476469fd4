#include "app/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <utility>

#include "app/shipped_files.h"

namespace nextframe::app {
namespace {

using Argument = CommandSpec::Argument;

bool is_positional(const Argument& argument) { return argument.flags.empty(); }

void declare(CLI::App& app, const Argument& argument) {
  const std::string name = is_positional(argument) ? argument.value : argument.flags;
  CLI::Option* option = nullptr;
  if (argument.value.empty()) {
    option = app.add_flag_callback(name, [&argument] { argument.set(""); });
  } else if (argument.repeat == CommandSpec::Repeat::kMany) {
    option =
        app.add_option_function<std::vector<std::string>>(name, [&argument](const std::vector<std::string>& values) {
          for (const std::string& value : values) argument.set(value);
        });
    // Otherwise the first --set would swallow every argument behind it.
    if (!is_positional(argument)) option->allow_extra_args(false);
  } else {
    option = app.add_option_function<std::string>(name, [&argument](const std::string& value) { argument.set(value); });
  }
  if (argument.need == CommandSpec::Need::kRequired) option->required();
}

std::vector<std::string> option_names(const CommandSpec* command) {
  std::vector<std::string> names{"--help"};
  if (command == nullptr) names.emplace_back("--version");
  if (command != nullptr) {
    for (const Argument& argument : command->arguments()) {
      for (const std::string& flag : split(argument.flags, ',')) {
        if (!flag.empty()) names.push_back(flag);
      }
    }
  }
  return names;
}

[[noreturn]] void reject_extra(const CommandSpec* command, const std::vector<std::string>& extra) {
  const std::string place = command == nullptr ? "nextframe" : "nextframe " + command->name();
  const std::string& first = extra.front();
  if (first.starts_with('-')) {
    const std::string option = first.substr(0, first.find('='));
    const std::string nearest = nearest_name(option, option_names(command));
    reject("{}: there is no option {}{}; {} --help lists them", place, option,
           nearest.empty() ? "" : format("; did you mean {}?", nearest), place);
  }
  reject("{}: unexpected argument \"{}\"; {} --help shows what it takes", place, first, place);
}

/// CLI11 only says that a subcommand is required; here the first word tells what was meant.
void check_verb(int argc, const char* const* argv, const std::vector<const CommandSpec*>& commands) {
  std::vector<std::string> names;
  for (const CommandSpec* command : commands) names.push_back(command->name());
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with('-')) continue;
    if (std::ranges::find(names, word) != names.end()) return;
    const std::string nearest = nearest_name(word, names);
    reject("there is no command \"{}\"; {}", word,
           nearest.empty() ? "the commands are " + join(names, ", ") : format("did you mean \"{}\"?", nearest));
  }
}

const CommandSpec* chosen(const CLI::App& app, const std::vector<const CommandSpec*>& commands) {
  for (const CommandSpec* command : commands) {
    if (app.got_subcommand(command->name())) return command;
  }
  return nullptr;
}

}  // namespace

void CommandSpec::positional(std::string name, std::string& target, std::string doc) {
  add({.value = std::move(name),
       .doc = std::move(doc),
       .need = Need::kRequired,
       .set = [&target](const std::string& text) { target = find_shipped(text); }});
}

void CommandSpec::positional(std::string name, std::optional<std::string>& target, std::string doc) {
  add({.value = std::move(name), .doc = std::move(doc), .set = [&target](const std::string& text) {
         target = find_shipped(text);
       }});
}

void CommandSpec::positional(std::string name, std::vector<std::string>& target, Need need, std::string doc) {
  add({.value = std::move(name),
       .doc = std::move(doc),
       .repeat = Repeat::kMany,
       .need = need,
       .set = [&target](const std::string& text) { target.push_back(find_shipped(text)); }});
}

void CommandSpec::flag(std::string flags, bool& target, std::string doc) {
  add({.flags = std::move(flags), .doc = std::move(doc), .group = group_, .set = [&target](const std::string&) {
         target = true;
       }});
}

void CommandSpec::option(std::string flags, std::string value, std::string& target, std::string doc) {
  add({.flags = std::move(flags),
       .value = std::move(value),
       .doc = std::move(doc),
       .group = group_,
       .set = [&target](const std::string& text) { target = text; }});
}

void CommandSpec::option(std::string flags, std::string value, std::optional<std::string>& target, std::string doc) {
  add({.flags = std::move(flags),
       .value = std::move(value),
       .doc = std::move(doc),
       .group = group_,
       .set = [&target](const std::string& text) { target = text; }});
}

void CommandSpec::option(std::string flags, std::string value, std::vector<std::string>& target, std::string doc) {
  add({.flags = std::move(flags),
       .value = std::move(value),
       .doc = std::move(doc),
       .group = group_,
       .repeat = Repeat::kMany,
       .set = [&target](const std::string& text) { target.push_back(text); }});
}

void CommandSpec::option(std::string flags, std::string value, std::int64_t& target, WholeRange range,
                         std::string doc) {
  add({.flags = flags,
       .value = std::move(value),
       .doc = std::move(doc),
       .group = group_,
       .set = [flags, range, &target](const std::string& text) { target = parse_whole(flags, text, range); }});
}

void CommandSpec::option(std::string flags, std::string value, std::optional<std::int64_t>& target, WholeRange range,
                         std::string doc) {
  add({.flags = flags,
       .value = std::move(value),
       .doc = std::move(doc),
       .group = group_,
       .set = [flags, range, &target](const std::string& text) { target = parse_whole(flags, text, range); }});
}

Request parse_command_line(int argc, const char* const* argv, const std::vector<const CommandSpec*>& commands) {
  check_verb(argc, argv, commands);
  CLI::App app("", "nextframe");
  bool version = false;
  app.set_help_flag("-h,--help");
  app.add_flag("--version", version);
  for (const CommandSpec* command : commands) {
    CLI::App* sub = app.add_subcommand(command->name());
    sub->set_help_flag("-h,--help");
    for (const Argument& argument : command->arguments()) declare(*sub, argument);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CommandSpec* command = chosen(app, commands);
    return {command == nullptr ? Request::Kind::kHelp : Request::Kind::kCommandHelp, command};
  } catch (const CLI::ExtrasError&) {
    reject_extra(chosen(app, commands), app.remaining(true));
  } catch (const CLI::RequiredError& error) {
    const CommandSpec* command = chosen(app, commands);
    const std::string place = command == nullptr ? "nextframe" : "nextframe " + command->name();
    reject("{}: {}; {} --help shows how", place, error.what(), place);
  } catch (const CLI::ParseError& error) {
    const CommandSpec* command = chosen(app, commands);
    reject("nextframe{}: {}", command == nullptr ? "" : " " + command->name(), error.what());
  }
  if (version) return {Request::Kind::kVersion, nullptr};
  const CommandSpec* command = chosen(app, commands);
  return {command == nullptr ? Request::Kind::kHelp : Request::Kind::kRun, command};
}

}  // namespace nextframe::app
