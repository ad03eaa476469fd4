#include "app/help.h"

#include <algorithm>

#include "core/base/format.h"

namespace nextframe::app {
namespace {

constexpr std::size_t kTermColumn = 28;

/// `text` wrapped at spaces, every line behind the first indented; the first line starts at column `column`. A newline
/// in the text stays one; `line_end` stands before every other.
std::string wrap(const std::string& text, std::size_t column, std::size_t indent, std::size_t width,
                 const std::string& line_end = "") {
  std::string out;
  bool first_line = true;
  for (const std::string& paragraph : split(text, '\n')) {
    if (!first_line) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    first_line = false;
    bool first_word = true;
    for (const std::string& word : split(paragraph, ' ')) {
      if (word.empty()) continue;
      if (!first_word && column + 1 + word.size() + line_end.size() > width) {
        out += line_end + "\n" + std::string(indent, ' ');
        column = indent;
        first_word = true;
      }
      if (!first_word) {
        out += ' ';
        ++column;
      }
      out += word;
      column += word.size();
      first_word = false;
    }
  }
  return out;
}

std::string row(const std::string& term, const std::string& doc, std::size_t width) {
  std::string out = "  " + term;
  const std::size_t indent = std::min(kTermColumn, width / 2);
  if (out.size() + 2 > indent) {
    out += "\n" + std::string(indent, ' ');
  } else {
    out += std::string(indent - out.size(), ' ');
  }
  return out + wrap(doc, indent, indent, width) + "\n";
}

std::string term_of(const CommandSpec::Argument& argument) {
  if (argument.flags.empty()) return argument.value;
  const std::vector<std::string> flags = split(argument.flags, ',');
  std::string term = flags.front().starts_with("--") ? "    " : "";
  term += join(flags, ", ");
  if (!argument.value.empty()) term += " " + argument.value;
  return term;
}

std::string usage_of(const CommandSpec& command) {
  std::string usage = "nextframe " + command.name();
  for (const CommandSpec::Argument& argument : command.arguments()) {
    if (!argument.flags.empty()) continue;
    std::string name = argument.value;
    if (argument.repeat == CommandSpec::Repeat::kMany) name += "...";
    usage += argument.need == CommandSpec::Need::kRequired ? " " + name : " [" + name + "]";
  }
  return usage + " [options]";
}

}  // namespace

std::string program_help(const std::vector<const CommandSpec*>& commands, int width) {
  const auto columns = static_cast<std::size_t>(width);
  std::string out = "Usage: nextframe COMMAND [options]\n\n";
  out += wrap(
      "Trains ConvLSTM and ConvGRU networks on your own video, images or arrays, and forecasts the next frames of "
      "them.",
      0, 0, columns);
  out += "\n\nCommands\n";
  for (const CommandSpec* command : commands) out += row(command->name(), command->summary(), columns);
  out += "\nOptions\n";
  out += row("-h, --help", "this page; nextframe COMMAND --help for one command", columns);
  out += row("    --version", "versions of the program and its libraries, and the instruction set in use", columns);
  out += "\nExit codes\n";
  out +=
      row("0 done", "1 failed while running, 2 the request was wrong, 130 interrupted with everything saved", columns);
  out += "\nFirst steps\n";
  out += "  nextframe train configs/moving-digits-small.json --out runs/digits\n";
  out += "  nextframe generate digits -o digits.npy\n";
  out += "  nextframe forecast runs/digits digits.npy -o digits-forecast.mp4\n";
  return out;
}

std::string command_help(const CommandSpec& command, int width) {
  const auto columns = static_cast<std::size_t>(width);
  std::string out = "Usage: " + wrap(usage_of(command), 7, 7, columns) + "\n\n";
  out += wrap(command.about().empty() ? command.summary() : command.about(), 0, 0, columns) + "\n";
  bool arguments_seen = false;
  std::string group;
  for (const CommandSpec::Argument& argument : command.arguments()) {
    if (argument.flags.empty()) {
      if (!arguments_seen) out += "\nArguments\n";
      arguments_seen = true;
    } else if (argument.group != group) {
      group = argument.group;
      out += "\n" + group + "\n";
    }
    out += row(term_of(argument), argument.doc, columns);
  }
  out += "\nExamples\n";
  for (const CommandSpec::Example& example : command.examples()) {
    out += "  # " + wrap(example.doc, 4, 4, columns) + "\n  " + wrap(example.command, 2, 6, columns, " \\") + "\n";
  }
  return out;
}

}  // namespace nextframe::app
