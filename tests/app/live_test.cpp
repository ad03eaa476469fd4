#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/app/shared_folder.h"
#include "tests/app/stream.h"

namespace nextframe::test {
namespace {

namespace fs = std::filesystem;

using Shape = std::vector<std::int64_t>;

/// Streams, pipes and cameras. The model sees four frames, so a clip of 30 gives 27 forecasts.
class Live : public SharedFolder<Live> {
 public:
  static void fill() {
    write_text(*folder_ / "tiny.json", tiny_config(2));
    ASSERT_EQ(run({"train", "tiny.json", "--out", "model"}, here()).exit_code, 0);
    ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "30", "-o", "clip.mkv"}, here()).exit_code, 0);
    ASSERT_EQ(run({"generate", "rain", "--size", "64x64", "--length", "300", "-o", "long.mkv"}, here()).exit_code, 0);
  }
};

TEST_F(Live, AStreamIsForecastUntilItEnds) {
  const Stream stream(read_text(*folder_ / "clip.mkv"));
  if (stream.address().empty()) GTEST_SKIP() << "this machine allows no sockets";
  const Outcome outcome = run({"forecast", "model", stream.address(), "--frames", "2", "-o", "stream.npy"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(shape_of("stream.npy"), (Shape{27, 16, 16}));
  EXPECT_NE(outcome.err.find("wrote 27 frames, each 2 ahead of the stream"), std::string::npos) << outcome.err;
  // The same forecasts as from the recording.
  ASSERT_EQ(run({"forecast", "model", "clip.mkv", "--live", "--frames", "2", "-o", "file.npy"}, here()).exit_code, 0);
  EXPECT_EQ(read_text(*folder_ / "stream.npy"), read_text(*folder_ / "file.npy"));
}

TEST_F(Live, AnInterruptSavesWhatThereIs) {
  const Stream stream(read_text(*folder_ / "long.mkv"), Stream::Pace::kSlowly);
  if (stream.address().empty()) GTEST_SKIP() << "this machine allows no sockets";
  RunOptions options = here();
  options.interrupt_signal = SIGINT;
  options.interrupt_when = "live 1";
  const Outcome outcome = run({"forecast", "model", stream.address(), "--frames", "2", "-o", "cut.npy"}, options);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  EXPECT_NE(outcome.err.find("ahead of the stream, to cut.npy"), std::string::npos) << outcome.err;
  EXPECT_LT(shape_of("cut.npy")[0], 297);
}

TEST_F(Live, StreamsThatAreNone) {
  const auto expect_refused = [](const std::string& input, const std::string& message) {
    const Outcome outcome = run({"forecast", "model", input, "-o", "none.npy"}, here());
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(folder_->path() / "none.npy"));
  };
  expect_refused("foo://127.0.0.1/x", "the stream cannot be opened");
  expect_refused("987", "camera 987: there is none of this number");
  std::string deserted;
  {
    const Stream brief(std::string(2000, 'x'));
    if (brief.address().empty()) GTEST_SKIP() << "this machine allows no sockets";
    deserted = brief.address();
    expect_refused(brief.address(), "the stream cannot be opened");
  }
  expect_refused(deserted, "nobody answers there");
  ASSERT_EQ(run({"generate", "balls", "--size", "16x16", "--length", "3", "-o", "three.mkv"}, here()).exit_code, 0);
  const Stream three(read_text(*folder_ / "three.mkv"));
  expect_refused(three.address(), "ended after 3 frames, expected at least 4");
}

TEST_F(Live, APipeIsReadOnce) {
  const std::string pipe = *folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ::signal(SIGPIPE, SIG_IGN);  // a reader that leaves early ends the writer's write, not the test
  for (const bool live : {false, true}) {
    std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << read_text(*folder_ / "clip.mkv"); });
    std::vector<std::string> arguments{"forecast", "model", "pipe", "--frames", "2", "--overwrite", "-o", "pipe.npy"};
    if (live) arguments.emplace_back("--live");
    const Outcome outcome = run(arguments, here());
    // Whoever never opened it would leave the writer waiting for ever.
    const int rescue = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    writer.join();
    ::close(rescue);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(shape_of("pipe.npy"), (Shape{live ? 27 : 2, 16, 16}));
  }
}

}  // namespace
}  // namespace nextframe::test
