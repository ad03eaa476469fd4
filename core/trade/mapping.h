#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nextframe {

/// Which input channels of a source's kernel are ours, where one convolution sees input and hidden state side by side.
enum class InputChannels { kAll, kFirst, kLast };

constexpr auto enum_names(InputChannels) {
  return std::array<std::pair<std::string_view, InputChannels>, 3>{
      {{"all", InputChannels::kAll}, {"first", InputChannels::kFirst}, {"last", InputChannels::kLast}}};
}

/// What one tensor of the source gives to one of our parameters.
struct MappingTerm {
  std::string name;
  std::vector<std::int64_t> axes;
  InputChannels inputs = InputChannels::kAll;
  std::vector<std::string> gates;
  double scale = 1;
  bool add = false;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("name", name,
            {.doc = "the source's tensor; {k} is the number that our name was found with, also {k+1} or {3-k}"});
    v.field("axes", axes,
            {.doc = "the source's axis for each of ours: [3, 2, 0, 1] for kernels [height,width,in,out]",
             .min = 0,
             .max = 4});
    v.field("inputs", inputs,
            {.doc = "which input channels are taken, as many as ours has: all, the first or the last"});
    v.field("gates", gates,
            {.doc = "the gates in the source's order, by our names (convlstm i f g o, convgru z r n); \"-z\" turns the "
                    "sign, for gates that are 1 - z"});
    v.field("scale", scale, {.doc = "a factor"});
    v.field("add", add, {.doc = "whether it is added to what other terms gave, such as a second bias"});
  }
};

/// How one of our parameters is made, or one for each k.
struct MappingParameter {
  std::string name;
  std::vector<MappingTerm> from;
  std::optional<double> fill;
  bool identity = false;
  bool optional = false;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("name", name, {.doc = "our parameter's name, see nextframe inspect; {k} stands for a number"});
    v.field("from", from, {.doc = "the source's tensors that make it"});
    v.field("fill", fill, {.doc = "one value for all of it, where the source has no such parameter"});
    v.field("identity", identity, {.doc = "a convolution that hands on what it gets, where the source has none"});
    v.field("optional", optional, {.doc = "whether a network may be without it"});
  }
};

/// A key of the configuration that the source's shapes tell.
struct MappingSize {
  std::string key;
  std::string of;
  std::int64_t axis = 0;
  std::int64_t divided_by = 1;
  std::int64_t multiple_of = 1;
  bool exists = false;
  std::string because;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("key", key,
            {.doc = "such as model.levels[{k}].hidden, for each k from 0 on whose tensor is there; data.channels takes "
                    "the number of a frame's channels"});
    v.field("of", of, {.doc = "the source's tensor"});
    v.field("axis", axis, {.doc = "its axis, whose length is the value", .min = 0, .max = 4});
    v.field("divided_by", divided_by, {.doc = "the value is the length divided by this", .min = 1, .max = 65536});
    v.field("multiple_of", multiple_of, {.doc = "what else the value must divide by", .min = 1, .max = 65536});
    v.field("exists", exists, {.doc = "the value is whether the tensor is there, true or false, instead"});
    v.field("because", because, {.doc = "multiple_of: why"});
  }
};

/// Tensors by pattern (* and ?), and why.
struct MappingReason {
  std::string name;
  std::string because;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("name", name, {.doc = "the source's tensors; * and ? stand for any text and any letter"});
    v.field("because", because, {.doc = "why"});
  }
};

/// A text in the weight file's metadata, for what the shapes do not tell.
struct MappingMetadata {
  std::string key;
  std::map<std::string, std::string> values;
  bool required = true;
  std::string because;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("key", key, {.doc = "a key of the weight file's metadata"});
    v.field("values", values,
            {.doc = "what it may be, each with a key of the configuration that follows, such as "
                    "\"model.gate_bias=false\", or \"\""});
    v.field("required", required, {.doc = "whether it has to be there"});
    v.field("because", because, {.doc = "why nothing else can be expressed"});
  }
};

/// How another program's weights become a model: a file of configs/import, see docs/import.md.
struct Mapping {
  std::string name;
  std::string title;
  std::string extends;
  std::vector<std::string> set;
  std::string strip_prefix;
  std::vector<MappingMetadata> metadata;
  std::vector<MappingReason> refused;
  std::vector<MappingSize> sizes;
  std::vector<MappingParameter> parameters;
  std::vector<MappingReason> dropped;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("name", name, {.doc = "what it is called"});
    v.field("title", title, {.doc = "whose weights it reads"});
    v.field("extends", extends, {.doc = "the configuration of the model, relative to this file"});
    v.field("set", set, {.doc = "keys of it that are different, such as \"model.norm=group\""});
    v.field("strip_prefix", strip_prefix,
            {.doc = "what the names of all tensors begin with where it was added, such as \"module.\""});
    v.field("metadata", metadata, {.doc = "what the weight file's metadata have to say"});
    v.field("refused", refused, {.doc = "tensors of architectures that cannot be expressed"});
    v.field("sizes", sizes, {.doc = "keys of the configuration that the tensors' shapes tell"});
    v.field("parameters", parameters, {.doc = "how our parameters are made"});
    v.field("dropped", dropped, {.doc = "tensors, or the rest of them, that nothing is made of"});
  }
};

/// Reads a mapping; comments are allowed, unknown keys rejected. One without a name is called like the file.
Mapping read_mapping(const std::filesystem::path& path);

/// A name in which {k}, {k+1}, {k-1} or {3-k} stands for a number.
class CountedName {
 public:
  /// Rejects a brace that holds something else; `where` begins the message.
  CountedName(std::string_view text, std::string_view where);

  bool counted() const { return counted_; }
  std::string at(std::int64_t k) const;
  /// The k, from 0 on, that gives `name`; 0 where nothing is counted.
  std::optional<std::int64_t> match(std::string_view name) const;

  /// More than any network has of one kind of layer.
  static constexpr std::int64_t kMost = 64;

 private:
  struct Piece {
    std::string text;
    std::int64_t offset = 0;  ///< of the number after the text
    std::int64_t sign = 0;    ///< of k in it; 0: no number
  };

  std::vector<Piece> pieces_;
  bool counted_ = false;
};

}  // namespace nextframe
