#include <gtest/gtest.h>

#include <chrono>
#include <sstream>

#include "tests/app/program.h"

namespace nextframe::test {
namespace {

const std::vector<std::string> kVerbs{"train", "forecast", "evaluate", "compare", "inspect",
                                      "bench", "generate", "import",   "export"};

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

TEST(Help, ProgramPageNamesEveryCommand) {
  const Outcome outcome = run({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  for (const std::string& verb : kVerbs) EXPECT_NE(outcome.out.find("\n  " + verb + " "), std::string::npos) << verb;
}

TEST(Help, TheManualNamesEveryCommand) {
  const std::string manual = read_text(NEXTFRAME_SOURCE "/docs/nextframe.1");
  for (const std::string& verb : kVerbs) EXPECT_NE(manual.find("\n.B " + verb + "\n"), std::string::npos) << verb;
}

TEST(Help, EveryCommandHasAPageWithExamples) {
  for (const std::string& verb : kVerbs) {
    const Outcome outcome = run({verb, "--help"});
    EXPECT_EQ(outcome.exit_code, 0) << verb;
    EXPECT_NE(outcome.out.find("Usage: nextframe " + verb), std::string::npos) << verb;
    std::size_t examples = 0;
    for (std::size_t at = 0; (at = outcome.out.find("\n  nextframe " + verb, at)) != std::string::npos; ++at)
      ++examples;
    EXPECT_GE(examples, 2U) << verb;
    EXPECT_LE(longest_line(outcome.out), 80U) << verb;
  }
}

TEST(Help, WrapsToTheTerminal) {
  RunOptions terminal;
  terminal.output = RunOptions::Output::kTerminal;  // 100 columns
  const Outcome outcome = run({"train", "--help"}, terminal);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_GT(longest_line(outcome.out), 80U);
  EXPECT_LE(longest_line(outcome.out), 101U);  // a carriage return ends each line of a terminal
}

TEST(Help, WithoutArgumentsItIsShownOnStderr) {
  const Outcome outcome = run({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("Usage: nextframe COMMAND"), std::string::npos);
}

TEST(Help, MistypedNamesGetTheNearest) {
  Outcome outcome = run({"trian", "config.json"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("did you mean \"train\"?"), std::string::npos) << outcome.err;
  outcome = run({"train", "config.json", "--thread", "2"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("did you mean --threads?"), std::string::npos) << outcome.err;
  outcome = run({"generate", "digit"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("did you mean \"digits\"?"), std::string::npos) << outcome.err;
}

TEST(Help, NumbersAreTakenAsTheyAreWritten) {
  for (const std::string wrong : {"", "abc", "1.5", "nan", "0x10", "-3", "99999999999999999999"}) {
    const Outcome outcome = run({"bench", "config.json", "--threads", wrong});
    EXPECT_EQ(outcome.exit_code, 2) << wrong;
    EXPECT_NE(outcome.err.find("--threads"), std::string::npos) << outcome.err;
  }
}

TEST(Help, MissingAndSurplusArguments) {
  EXPECT_EQ(run({"forecast"}).exit_code, 2);
  EXPECT_EQ(run({"train"}).exit_code, 2);
  EXPECT_EQ(run({"train", "a.json", "b.json"}).exit_code, 2);
  EXPECT_EQ(run({"train", "a.json", "--out"}).exit_code, 2);
  EXPECT_EQ(run({"train", "a.json", "--device", "tpu"}).exit_code, 2);
}

TEST(Version, NamesLibrariesAndInstructionSet) {
  const Outcome outcome = run({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.out.find("nextframe "), std::string::npos);
  EXPECT_NE(outcome.out.find("oneDNN"), std::string::npos);
  EXPECT_NE(outcome.out.find("OpenCV"), std::string::npos);
}

TEST(Version, AnswersWithinAFifthOfASecond) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(run({"--version"}).exit_code, 0);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  EXPECT_LE(best, 0.2);
}

TEST(Output, AFullStandardOutputIsAFailure) {
  RunOptions full;
  full.stdout_path = "/dev/full";
  EXPECT_EQ(run({"--help"}, full).exit_code, 1);
  EXPECT_EQ(run({"--version"}, full).exit_code, 1);
}

}  // namespace
}  // namespace nextframe::test
