#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/frames/data_set.h"
#include "core/frames/frame_source.h"
#include "core/frames/options.h"
#include "core/frames/preprocessing.h"
#include "core/frames/region.h"
#include "core/frames/source_table.h"

namespace nextframe {

/// The fields of one of data.inputs, by their times. Safe from several threads where its maker says so.
class InputField {
 public:
  InputField() = default;
  InputField(const InputField&) = delete;
  InputField& operator=(const InputField&) = delete;
  virtual ~InputField() = default;

  /// As it is read, before it is resized.
  virtual const SourceInfo& info() const = 0;
  /// Whether the fields have dates; else there is one field that holds at all times.
  virtual bool timed() const = 0;
  /// A checksum of what there is; 0 where nobody has seen all of it.
  virtual std::uint64_t pictures() const { return 0; }
  /// Pixels [h,w] of that part of the field that holds at `time`, in the source's numbers, and their mask, 0 = missing;
  /// false, and nothing is written, where there is none.
  virtual bool read(UtcSeconds time, const Region& region, float* pixels, std::uint8_t* mask) const = 0;
};

/// Opens one of data.inputs, whose fields are resized as `preprocessing` says.
using InputOpener = std::function<std::unique_ptr<InputField>(const InputOptions&, const Preprocessing&)>;

/// How the fields of an input reach the network: unchanged in channels and unit, in the size of the frames.
Preprocessing input_preprocessing(const std::optional<std::array<std::int64_t, 2>>& size);

/// The source that an input names.
SourceOptions source_of(const InputOptions& input);

/// The newest of some times, in increasing order, that is not after `time` and less than `step` seconds older, for an
/// unknown step (0) `time` itself; -1 where there is none.
std::int64_t newest_within(const std::vector<UtcSeconds>& times, UtcSeconds time, double step);

/// Reads inputs from elsewhere: each of `assignments` is "name=path". Rejects names that there are not.
void set_input_paths(std::vector<InputOptions>& inputs, const std::vector<std::string>& assignments);

/// Channels of the network's input for a number of inputs: a value each, and with masks a mask behind each value.
std::int64_t input_field_channels(std::size_t inputs, bool masks);

/// All of data.inputs as further channels of the network's input. Safe from several threads where its fields are.
class InputFields {
 public:
  InputFields(const std::vector<InputOptions>& inputs, bool masks, std::vector<std::unique_ptr<InputField>> fields);

  std::int64_t channels() const { return input_field_channels(inputs_.size(), masks_); }
  const std::vector<InputOptions>& options() const { return inputs_; }
  /// Whether any of them goes by the time of a frame.
  bool timed() const;
  const InputField& field(std::size_t number) const { return *fields_[number]; }

  /// Rejects frames that lie elsewhere than the fields, and says where both lie, and frames without dates beside fields
  /// that have any. `same_place` may be null: then the sizes alone have to agree.
  void check_frames(const SourceInfo& frames, bool dated,
                    bool (*same_place)(const GeoReference&, const GeoReference&, std::int64_t, std::int64_t)) const;

  /// That part of the fields that hold at `time`, [h,w,channels()]: scaled as InputOptions says, 0 where missing.
  void read(UtcSeconds time, const Region& region, float* to) const;

 private:
  std::vector<InputOptions> inputs_;
  bool masks_ = false;
  std::vector<std::unique_ptr<InputField>> fields_;
};

/// An opener of recordings that are decoded into the cache once; its fields may be read from several threads. All of its
/// arguments outlive it, but not what it has opened.
InputOpener cached_inputs(const SourceTable& table, const CacheOptions& cache, const DecodeObserver& observer);

}  // namespace nextframe
