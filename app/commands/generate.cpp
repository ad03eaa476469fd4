#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/command.h"
#include "app/commands/run_support.h"
#include "core/base/error.h"
#include "core/base/interrupt.h"
#include "core/base/progress.h"
#include "core/base/text.h"
#include "core/frames/media_sources.h"
#include "core/render/frame_writer.h"

namespace nextframe::app {
namespace {

constexpr double kFramesPerSecond = 10;

struct GenerateArguments {
  std::string kind;
  std::optional<std::string> output;
  std::int64_t count = 1;
  std::int64_t length = 20;
  std::string size = "64x64";
  std::int64_t seed = 1;
  std::optional<std::int64_t> objects;
  std::optional<std::int64_t> hidden;
  std::optional<std::int64_t> context;
  std::string glyphs;
  bool overwrite = false;
};

SourceType kind_of(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& [name, type] : enum_names(SourceType{})) {
    if (!is_generated(type)) continue;
    if (name == text) return type;
    names.emplace_back(name);
  }
  const std::string nearest = nearest_name(text, names);
  reject("[generate] there is no kind \"{}\"{}", text,
         nearest.empty() ? "; the kinds are " + join(names, ", ") : "; did you mean \"" + nearest + "\"?");
}

SourceOptions source_options(const GenerateArguments& arguments) {
  SourceOptions options;
  options.type = kind_of(arguments.kind);
  options.size = parse_size("--size", arguments.size, {8, 16384});
  options.seed = arguments.seed;
  options.path = arguments.glyphs;
  if (arguments.objects) options.objects = *arguments.objects;
  if (!arguments.glyphs.empty() && !shows_digits(options.type)) {
    reject("[generate] --glyphs is for digits, not for {}", arguments.kind);
  }
  const std::string occlusion =
      given_among({{"--hidden", arguments.hidden.has_value()}, {"--context", arguments.context.has_value()}});
  if (!occlusion.empty() && options.type != SourceType::kOccludedDigits) {
    reject("[generate] {}: for occluded-digits only, not for {}", occlusion, arguments.kind);
  }
  options.hidden = arguments.hidden.value_or(options.hidden);
  options.forecast_from = arguments.context.value_or(DataOptions{}.context);
  if (options.type == SourceType::kOccludedDigits && arguments.length <= options.forecast_from) {
    reject(
        "[generate] --length {}: the hidden digit comes back with frame {}, behind the end; expected --length {} or "
        "more, "
        "or a --context below the length",
        arguments.length, options.forecast_from, options.forecast_from + 1);
  }
  return options;
}

class GenerateCommand : public Command {
 public:
  std::string name() const override { return "generate"; }
  std::string summary() const override {
    return "make clips to try things on: moving or occluded digits, bouncing balls, rain";
  }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Makes clips of moving digits, of digits that pass behind a bar, of bouncing balls or a drifting, growing and "
        "decaying rain field. The same seed "
        "makes the "
        "same clips; no clip is among those that a configuration trains on.");
    spec.positional("KIND", arguments_.kind, "digits, occluded-digits, balls or rain");
    spec.group("Output");
    spec.option(
        "-o,--output", "OUTPUT", arguments_.output,
        "where to; the ending says how: .npy, .npz, .mp4, .mkv, .avi, .gif, or a folder of png (default KIND.npy)");
    spec.flag("--overwrite", arguments_.overwrite, "replace an output that exists");
    spec.group("Clips");
    spec.option("--count", "N", arguments_.count, {1, 1000000},
                "clips; a video or folder shows them one after the other "
                "(default 1)");
    spec.option("--length", "N", arguments_.length, {1, 100000}, "frames of each clip (default 20)");
    spec.option("--size", "HxW", arguments_.size, "height and width in pixels (default 64x64)");
    spec.option("--seed", "N", arguments_.seed, {}, "another seed, other clips (default 1)");
    spec.option("--objects", "N", arguments_.objects, {1, 64}, "digits or balls in a frame (default 2)");
    spec.option("--hidden", "N", arguments_.hidden, {1, 1000},
                "occluded-digits: frames for which a digit is out of sight before frame --context (default 4)");
    spec.option("--context", "N", arguments_.context, {1, 100000},
                "occluded-digits: the frame with which the hidden digit comes back (default 10)");
    spec.option("--glyphs", "FILE", arguments_.glyphs,
                "digits: an MNIST idx file, gzipped or not (default: drawn glyphs)");
    spec.example("nextframe generate digits -o digits.mp4", "one clip of two bouncing digits, as a video");
    spec.example("nextframe generate occluded-digits --hidden 5 -o occluded.mp4",
                 "what comes out of the bar only memory tells");
    spec.example("nextframe generate balls --count 100 --length 20 -o balls.npy", "an array [100,20,64,64]");
    spec.example("nextframe generate rain --size 128x192 --length 60 --seed 7 -o rain/",
                 "a folder of 60 images, frame_0000.png and on");
  }

  int run(StderrLog& log) override {
    const InterruptGuard guard;
    const SourceOptions options = source_options(arguments_);
    const SourceTable table = media_sources();
    const auto generator = find_source_kind(table, options).generator(options, Split::kTest);
    const std::string output = arguments_.output.value_or(arguments_.kind + ".npy");
    const auto writer = make_writer(output, writer_options(*generator));
    Frame frame;
    frame.height = generator->height();
    frame.width = generator->width();
    frame.channels = generator->channels();
    frame.pixels.resize(frame.elements());
    std::int64_t made = 0;
    Progress progress({.label = "generate", .unit = "frame", .total = arguments_.count * arguments_.length});
    for (std::int64_t c = 0; c < arguments_.count; ++c) {
      const auto clip = generator->begin(first_sequence(Split::kTest) + static_cast<std::uint64_t>(c));
      for (std::int64_t t = 0; t < arguments_.length; ++t) {
        stop_if_interrupted(guard);
        clip->next(frame.pixels.data());
        writer->write(frame, {});
        progress.update(++made, "");
      }
    }
    progress.finish();
    writer->close();
    log.info("wrote {} clip{} of {} frames, {}x{}, to {}", arguments_.count, arguments_.count == 1 ? "" : "s",
             arguments_.length, frame.height, frame.width, output);
    return 0;
  }

 private:
  WriterOptions writer_options(const SequenceGenerator& generator) const {
    WriterOptions options;
    options.height = generator.height();
    options.width = generator.width();
    options.channels = generator.channels();
    options.frames_per_second = kFramesPerSecond;
    options.pixel_type = PixelType::kFloat32;
    options.low = 0;
    options.high = 1;
    options.sequence_length = arguments_.count > 1 ? arguments_.length : 0;
    options.if_exists = arguments_.overwrite ? IfExists::kReplace : IfExists::kRefuse;
    options.contents = Contents::kFrames;
    return options;
  }

  GenerateArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_generate_command() { return std::make_unique<GenerateCommand>(); }

}  // namespace nextframe::app
