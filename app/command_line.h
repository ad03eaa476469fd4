#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/values.h"

namespace nextframe::app {

/// What one command takes, declared once for parsing and for its help page. Targets must outlive the parse.
class CommandSpec {
 public:
  enum class Repeat { kOnce, kMany };
  enum class Need { kRequired, kOptional };

  struct Argument {
    std::string flags{};  ///< "-o,--out"; empty for a positional
    std::string value{};  ///< what the help calls the value; empty for a switch
    std::string doc{};
    std::string group{};
    Repeat repeat = Repeat::kOnce;
    Need need = Need::kOptional;
    std::function<void(const std::string&)> set{};  ///< called with each value; a switch gets ""
  };

  struct Example {
    std::string command;
    std::string doc;
  };

  CommandSpec(std::string name, std::string summary) : name_(std::move(name)), summary_(std::move(summary)) {}

  /// The paragraph on top of the help page.
  void about(std::string text) { about_ = std::move(text); }
  /// The heading of the options declared from here on.
  void group(std::string title) { group_ = std::move(title); }
  void example(std::string command, std::string doc) { examples_.push_back({std::move(command), std::move(doc)}); }

  /// Files of the program's own are found where it was installed; see find_shipped().
  void positional(std::string name, std::string& target, std::string doc);
  void positional(std::string name, std::optional<std::string>& target, std::string doc);
  void positional(std::string name, std::vector<std::string>& target, Need need, std::string doc);

  void flag(std::string flags, bool& target, std::string doc);
  void option(std::string flags, std::string value, std::string& target, std::string doc);
  void option(std::string flags, std::string value, std::optional<std::string>& target, std::string doc);
  void option(std::string flags, std::string value, std::vector<std::string>& target, std::string doc);
  void option(std::string flags, std::string value, std::int64_t& target, WholeRange range, std::string doc);
  void option(std::string flags, std::string value, std::optional<std::int64_t>& target, WholeRange range,
              std::string doc);
  template <class E>
  requires std::is_enum_v<E>
  void choice(std::string flags, E& target, std::string doc) {
    add_choice<E>(std::move(flags), target, std::move(doc));
  }
  template <class E>
  requires std::is_enum_v<E>
  void choice(std::string flags, std::optional<E>& target, std::string doc) {
    add_choice<E>(std::move(flags), target, std::move(doc));
  }

  const std::string& name() const { return name_; }
  const std::string& summary() const { return summary_; }
  const std::string& about() const { return about_; }
  const std::vector<Argument>& arguments() const { return arguments_; }
  const std::vector<Example>& examples() const { return examples_; }

 private:
  template <class E, class Target>
  void add_choice(std::string flags, Target& target, std::string doc) {
    add({.flags = flags,
         .value = join(choice_names<E>(), "|"),
         .doc = std::move(doc),
         .group = group_,
         .set = [flags, &target](const std::string& text) { target = parse_choice<E>(flags, text); }});
  }
  void add(Argument argument) { arguments_.push_back(std::move(argument)); }

  std::string name_;
  std::string summary_;
  std::string about_;
  std::string group_ = "Options";
  std::vector<Argument> arguments_;
  std::vector<Example> examples_;
};

/// What the user asked for.
struct Request {
  enum class Kind { kRun, kHelp, kCommandHelp, kVersion };
  Kind kind = Kind::kHelp;
  const CommandSpec* command = nullptr;
};

/// Reads the arguments and fills the targets of the command that was named. Rejects everything that is not understood,
/// with the nearest command or option.
Request parse_command_line(int argc, const char* const* argv, const std::vector<const CommandSpec*>& commands);

}  // namespace nextframe::app
