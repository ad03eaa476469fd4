#include "core/model/model_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <string>

#include "core/base/error.h"
#include "core/base/random.h"

namespace nextframe {
namespace {

std::vector<std::byte> file_bytes(const std::string& header, const std::string& data, std::uint64_t claimed_length) {
  std::vector<std::byte> bytes(8 + header.size() + data.size());
  std::memcpy(bytes.data(), &claimed_length, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  std::memcpy(bytes.data() + 8 + header.size(), data.data(), data.size());
  return bytes;
}

std::vector<std::byte> file_bytes(const std::string& header, const std::string& data) {
  return file_bytes(header, data, header.size());
}

/// The message that `bytes` are rejected with, or "" when they are taken.
std::string rejection(const std::vector<std::byte>& bytes) {
  try {
    parse_tensor_file(bytes, "weights.safetensors");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest) << error.what();
    return error.what();
  }
  return "";
}

std::string rejection(const std::string& header, std::size_t data_bytes) {
  return rejection(file_bytes(header, std::string(data_bytes, '\0')));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TensorFile small_file() {
  TensorFile file;
  file.metadata["note"] = "a \"quoted\" text, ä";
  file.tensors.push_back({"head.0.weight", {2, 1, 3}, {1.5F, -2, 3, 0, 1e-30F, 7}});
  file.tensors.push_back({"head.0.bias", {2}, {0.25F, -0.5F}});
  file.tensors.push_back({"empty", {0, 4}, {}});
  file.tensors.push_back({"scalar", {}, {42}});
  return file;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = std::filesystem::temp_directory_path() /
            ("nextframe-model-file-" + std::to_string(Random(std::random_device{}()).next()));
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

TEST(Safetensors, RoundTripKeepsEverything) {
  const TensorFile file = small_file();
  const std::vector<std::byte> bytes = serialise(file);
  std::uint64_t header_length = 0;
  std::memcpy(&header_length, bytes.data(), 8);
  EXPECT_EQ(header_length % 8, 0U);

  const TensorFile again = parse_tensor_file(bytes, "x");
  EXPECT_EQ(again.metadata, file.metadata);
  ASSERT_EQ(again.tensors.size(), file.tensors.size());
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    EXPECT_EQ(again.tensors[i].name, file.tensors[i].name);
    EXPECT_EQ(again.tensors[i].shape, file.tensors[i].shape);
    EXPECT_EQ(again.tensors[i].values, file.tensors[i].values);
  }
  EXPECT_EQ(serialise(again), bytes);
  EXPECT_EQ(again.find("head.0.bias")->values[1], -0.5F);
  EXPECT_EQ(again.find("nothing"), nullptr);
}

TEST(Safetensors, EveryTruncationAndEveryExtraByteIsRejected) {
  std::vector<std::byte> bytes = serialise(small_file());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(rejection(std::vector<std::byte>(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length))), "")
        << length;
  }
  bytes.push_back(std::byte{0});
  EXPECT_TRUE(contains(rejection(bytes), "belong to no tensor"));
}

TEST(Safetensors, RandomDamageNeverCrashes) {
  const std::vector<std::byte> good = serialise(small_file());
  Random random(7);
  for (int trial = 0; trial < 20000; ++trial) {
    std::vector<std::byte> bytes = good;
    const std::uint64_t changes = 1 + random.below(4);
    for (std::uint64_t i = 0; i < changes; ++i)
      bytes[random.below(bytes.size())] = static_cast<std::byte>(random.below(256));
    rejection(bytes);
  }
}

TEST(Safetensors, AbsurdHeaderLengths) {
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  EXPECT_EQ(rejection(header, 4), "");
  for (const std::uint64_t length :
       {std::uint64_t{100'000'001}, std::uint64_t{1} << 63, ~std::uint64_t{0}, ~std::uint64_t{7}}) {
    EXPECT_TRUE(contains(rejection(file_bytes(header, "0000", length)), "the header's length")) << length;
  }
  EXPECT_TRUE(contains(rejection(file_bytes(header, "0000", 1000)), "truncated"));
  EXPECT_TRUE(contains(rejection(file_bytes(header, "0000", 0)), "no JSON object"));
  EXPECT_NE(rejection(file_bytes(header, "0000", header.size() - 1)), "");
}

TEST(Safetensors, MalformedTensors) {
  const auto one = [](const std::string& inside) { return R"({"a":{)" + inside + "}}"; };
  struct Case {
    std::string header;
    std::size_t data_bytes;
    std::string part;
  };
  const std::vector<Case> cases{
      {one(R"("dtype":"I32","shape":[1],"data_offsets":[0,4])"), 4, "\"I32\""},
      {one(R"("dtype":5,"shape":[1],"data_offsets":[0,4])"), 4, "tensor \"a\""},
      {one(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), 4, "needs 8 bytes, got 4"},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[0,8])"), 4, "outside"},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), 4, "outside"},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615])"), 4, "outside"},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[-4,0])"), 4, "tensor \"a\""},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[2,6])"), 6, "multiple of 4"},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), 8, "before tensor \"a\" belong to no tensor"},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), 8, "the last 4 bytes"},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[0])"), 4, "1 data_offsets"},
      {one(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), 4, "length -1"},
      {one(R"("dtype":"F32","shape":[1.5],"data_offsets":[0,4])"), 4, "tensor \"a\""},
      {one(R"("dtype":"F32","shape":[1,1,1,1,1,1],"data_offsets":[0,4])"), 4, "6 dimensions"},
      {one(R"("dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4])"), 4, "more elements"},
      {one(R"("dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,4])"), 4, "more elements"},
      {one(R"("dtype":"F32","shape":[1])"), 4, "data_offsets"},
      {one(R"("shape":[1],"data_offsets":[0,4])"), 4, "dtype"},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1)"), 4, "extra"},
      {R"({"a":5})", 0, "tensor \"a\""},
      {R"({"__metadata__":{"k":5}})", 0, "__metadata__"},
      {R"({"__metadata__":"text"})", 0, "__metadata__"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       8, "a"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
       12, "tensor \"b\" begins at byte 4 inside another"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       8, "inside another"},
      {R"({"a":)", 0, "weights.safetensors"},
      {R"([])", 0, "no JSON object"},
  };
  for (const Case& item : cases) {
    const std::string message = rejection(item.header, item.data_bytes);
    EXPECT_TRUE(contains(message, item.part) && contains(message, "weights.safetensors"))
        << item.header << "\n  " << message;
  }
}

TEST(Safetensors, OtherFloatTypesAreConverted) {
  const auto values = [](const std::string& type, std::size_t count, const void* data, std::size_t bytes) {
    const std::string header = R"({"a":{"dtype":")" + type + R"(","shape":[)" + std::to_string(count) +
                               R"(],"data_offsets":[0,)" + std::to_string(bytes) + "]}}";
    return parse_tensor_file(file_bytes(header, std::string(static_cast<const char*>(data), bytes)), "x")
        .tensors[0]
        .values;
  };
  const std::uint16_t halves[] = {0x3C00, 0xC000, 0x0001, 0x7BFF, 0x8000, 0x3555, 0x7C00};
  const std::vector<float> expected{
      1, -2, 5.9604644775390625e-8F, 65504, -0.0F, 0.333251953125F, std::numeric_limits<float>::infinity()};
  EXPECT_EQ(values("F16", 7, halves, sizeof(halves)), expected);
  const std::uint16_t bfloats[] = {0x3F80, 0xC000, 0x4049};
  EXPECT_EQ(values("BF16", 3, bfloats, sizeof(bfloats)), (std::vector<float>{1, -2, 3.140625F}));
  const double doubles[] = {0.1, -1e10};
  EXPECT_EQ(values("F64", 2, doubles, sizeof(doubles)), (std::vector<float>{0.1F, -1e10F}));
}

ModelFile small_model() {
  ModelFile model;
  model.config.set("name", "tiny");
  model.frames.size = {48, 64};
  model.frames.channels = ChannelMode::kColor;
  model.frames.input_channels = 3;
  model.frames.normalisation = {0.1, 255};
  model.training.set("step", 1200);
  model.version = "0.1.0";
  model.tensors = small_file().tensors;
  return model;
}

TEST(ModelFile, RoundTripThroughAFile) {
  const TemporaryFolder folder;
  const std::string path = folder.file("best.safetensors");
  write_model_file(path, small_model());
  write_model_file(path, small_model());  // over the old one
  const ModelFile model = read_model_file(path);
  EXPECT_EQ(model.config, small_model().config);
  EXPECT_EQ(model.training, small_model().training);
  EXPECT_EQ(model.version, "0.1.0");
  EXPECT_EQ(model.frames.size, small_model().frames.size);
  EXPECT_EQ(model.frames.channels, ChannelMode::kColor);
  EXPECT_EQ(model.frames.normalisation.offset, 0.1);
  EXPECT_EQ(model.frames.normalisation.scale, 255);
  EXPECT_EQ(model.find("head.0.weight")->values, small_model().tensors[0].values);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(std::filesystem::path(path).parent_path()), {}), 1)
      << "something was left beside the model";
}

TEST(ModelFile, ForeignFilesAndWrongMetadataAreRejected) {
  const TemporaryFolder folder;
  const std::string path = folder.file("model.safetensors");
  write_model_file(path, small_model());
  const TensorFile good = read_tensor_file(path);
  const auto message = [](const TensorFile& file) -> std::string {
    try {
      parse_model_file(serialise(file), "m");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kRequest);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message(good), "");
  for (const auto& [key, text] : good.metadata) {
    TensorFile bad = good;
    bad.metadata.erase(key);
    EXPECT_TRUE(contains(message(bad), "\"" + key + "\"")) << key;
    bad.metadata[key] = "[1]";
    if (key != "version") {
      EXPECT_TRUE(contains(message(bad), "[model file] m")) << key;
    }
  }
  TensorFile bad = good;
  bad.metadata["format_version"] = "2";
  EXPECT_TRUE(contains(message(bad), "newer"));
  bad = good;
  bad.metadata["frames"] = R"({"normalisation":{"offset":0,"scale":0}})";
  EXPECT_TRUE(contains(message(bad), "scale"));
  bad.metadata["frames"] = R"({"low":300})";
  EXPECT_TRUE(contains(message(bad), "frames.low is 300"));
  bad.metadata["frames"] = R"({"low":255})";
  EXPECT_TRUE(contains(message(bad), "expected low below high"));
  bad = good;
  bad.tensors[0].values[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(contains(message(bad), "head.0.weight"));
}

}  // namespace
}  // namespace nextframe
