#include "core/trade/weight_mapper.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {
namespace {

/// Where each value of a tensor lies in the source's buffer, while the tensor is turned, cut and read in another order.
struct View {
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::int64_t offset = 0;

  explicit View(const Shape& whole) {
    for (int axis = 0; axis < whole.rank(); ++axis) shape.push_back(whole[axis]);
    strides.assign(shape.size(), 1);
    for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  }

  void turn(const std::vector<std::int64_t>& axes, const std::string& where) {
    std::vector<std::int64_t> sorted = axes;
    std::ranges::sort(sorted);
    const auto count = static_cast<std::int64_t>(shape.size());
    bool each_once = std::ssize(sorted) == count;
    for (std::int64_t axis = 0; each_once && axis < count; ++axis) {
      each_once = sorted[static_cast<std::size_t>(axis)] == axis;
    }
    if (!each_once) reject("{}: axes must name each of its {} axes once", where, count);
    const View before = *this;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      shape[i] = before.shape[static_cast<std::size_t>(axes[i])];
      strides[i] = before.strides[static_cast<std::size_t>(axes[i])];
    }
  }

  /// Without axes of length 1 where the ranks differ: [1,C,1,1] for [C].
  void fit_rank(int rank) {
    for (std::size_t axis = shape.size(); axis-- > 0 && std::ssize(shape) > rank;) {
      if (shape[axis] != 1) continue;
      shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
      strides.erase(strides.begin() + static_cast<std::ptrdiff_t>(axis));
    }
  }

  void cut(std::size_t axis, std::int64_t first, std::int64_t length) {
    offset += first * strides[axis];
    shape[axis] = length;
  }

  /// Place i, in C order, in the source's buffer.
  std::int64_t place(std::int64_t i) const {
    std::int64_t at = offset;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += i % shape[axis] * strides[axis];
      i /= shape[axis];
    }
    return at;
  }
};

std::string text_of(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> lengths;
  for (const std::int64_t length : shape) lengths.push_back(std::to_string(length));
  return "[" + join(lengths, ",") + "]";
}

/// The part of a source's tensor that a term takes, turned to our layout, with `rows` along the slowest axis.
View view_of(const MappingTerm& term, const NamedTensor& tensor, const Shape& target, std::int64_t rows) {
  View view(tensor.shape);
  if (!term.axes.empty()) view.turn(term.axes, tensor.name);
  view.fit_rank(target.rank());
  if (term.inputs != InputChannels::kAll && target.rank() > 1 && view.shape.size() > 1) {
    const std::int64_t wanted = target[1], there = view.shape[1];
    if (there < wanted) reject("{} has {} input channels, expected at least {}", tensor.name, there, wanted);
    view.cut(1, term.inputs == InputChannels::kFirst ? 0 : there - wanted, wanted);
  }
  const Shape expected = target.with(0, rows);
  bool same = std::ssize(view.shape) == expected.rank();
  for (int axis = 0; same && axis < expected.rank(); ++axis) {
    same = view.shape[static_cast<std::size_t>(axis)] == expected[axis];
  }
  if (!same) {
    reject("{} {} gives {}, expected {}", tensor.name, to_string(tensor.shape), text_of(view.shape),
           to_string(expected));
  }
  return view;
}

/// Where the channels of one gate of a source belong.
struct Block {
  std::int64_t index = 0;
  double scale = 1;
};

std::vector<Block> blocks_of(const MappingTerm& term, const std::vector<std::string>& ours, const std::string& name) {
  if (ours.empty()) return {{0, term.scale}};
  std::vector<Block> blocks;
  for (std::string gate : term.gates.empty() ? ours : term.gates) {
    const bool negative = gate.starts_with("-");
    if (negative) gate.erase(0, 1);
    const auto found = std::ranges::find(ours, gate);
    if (found == ours.end()) reject("{} has no gate \"{}\", expected one of {}", name, gate, join(ours, ", "));
    blocks.push_back({found - ours.begin(), negative ? -term.scale : term.scale});
  }
  return blocks;
}

std::vector<std::string> names_of(const TensorFile& file) {
  std::vector<std::string> names;
  for (const NamedTensor& tensor : file.tensors) names.push_back(tensor.name);
  return names;
}

}  // namespace

WeightMapper::WeightMapper(const Mapping& mapping, const TensorFile& source, const ParameterSet& layout, CellKind cell)
    : mapping_(mapping), source_(source), layout_(layout), cell_(cell) {
  for (const MappingParameter& parameter : mapping.parameters) {
    const std::string where = format("[import] {}: parameter {}", mapping.name, parameter.name);
    const int ways = (parameter.from.empty() ? 0 : 1) + (parameter.fill ? 1 : 0) + (parameter.identity ? 1 : 0);
    if (ways != 1) reject("{}: expected one of \"from\", \"fill\" and \"identity\"", where);
    rules_.push_back({parameter, CountedName(parameter.name, where)});
  }
  for (const NamedTensor& tensor : source.tensors) read_.emplace_back(tensor.values.size(), std::uint8_t{0});
}

std::size_t WeightMapper::index_of(const std::string& name) const {
  const auto found = std::ranges::find(source_.tensors, name, &NamedTensor::name);
  if (found != source_.tensors.end()) return static_cast<std::size_t>(found - source_.tensors.begin());
  const std::string nearest = nearest_name(name, names_of(source_));
  reject("the file has no {}{}", name, nearest.empty() ? "" : format("; its nearest is {}", nearest));
}

/// The gates whose channels follow each other in one of our parameters; none for one that has no gates.
std::vector<std::string> WeightMapper::gates_of(const std::string& name, const Shape& shape) const {
  if (name.find(".rnn.") == std::string::npos) return {};
  if (name.ends_with(".peephole.weight")) return {"i", "f", "o"};
  const std::string kernel = name.substr(0, name.rfind('.')) + ".weight";
  for (const Parameter& parameter : layout_.entries()) {
    // The candidate may be the only gate with a bias of its own.
    const Shape& whole = parameter.declaration.shape;
    if (name.ends_with(".hidden.bias") && parameter.declaration.name == kernel && shape[0] < whole[0]) return {"n"};
  }
  if (cell_ == CellKind::kConvLstm) return {"i", "f", "g", "o"};
  if (cell_ == CellKind::kConvGru) return {"z", "r", "n"};
  return {};
}

void WeightMapper::add_term(const MappingTerm& term, std::int64_t k, NamedTensor& target,
                            std::vector<std::uint8_t>& filled) {
  const std::size_t index = index_of(CountedName(term.name, "[import] " + mapping_.name).at(k));
  const NamedTensor& tensor = source_.tensors[index];
  const std::vector<std::string> ours = gates_of(target.name, target.shape);
  if (ours.empty() && !term.gates.empty()) reject("{} has no gates; leave \"gates\" out", target.name);
  const std::vector<Block> blocks = blocks_of(term, ours, target.name);
  const std::int64_t whole = ours.empty() ? 1 : std::ssize(ours);
  const View view = view_of(term, tensor, target.shape, target.shape[0] / whole * std::ssize(blocks));
  const std::int64_t size = target.shape.elements() / whole;
  for (std::int64_t j = 0; j < std::ssize(blocks); ++j) {
    const Block& block = blocks[static_cast<std::size_t>(j)];
    for (std::int64_t i = 0; i < size; ++i) {
      const auto from = static_cast<std::size_t>(view.place(j * size + i));
      const auto at = static_cast<std::size_t>(block.index * size + i);
      if (filled[at] != 0 && !term.add) {
        reject("{} fills it a second time; a term that is to be added says so with \"add\"", tensor.name);
      }
      target.values[at] += static_cast<float>(block.scale * static_cast<double>(tensor.values[from]));
      filled[at] = 1;
      read_[index][from] = 1;
    }
  }
}

WeightMapper::Rule* WeightMapper::rule_for(const std::string& name, std::int64_t& k, Problems& problems) {
  Rule* rule = nullptr;
  for (Rule& candidate : rules_) {
    const std::optional<std::int64_t> match = candidate.name.match(name);
    if (!match) continue;
    if (rule != nullptr) {
      problems.add(format("{}: two rules make it, {} and {}", name, rule->parameter.name, candidate.parameter.name));
    }
    rule = &candidate;
    k = *match;
  }
  return rule;
}

NamedTensor WeightMapper::make(const ParameterDeclaration& declaration, Problems& problems) {
  const std::string label = format("unfilled: {} {}", declaration.name, to_string(declaration.shape));
  NamedTensor target{declaration.name, declaration.shape,
                     std::vector<float>(static_cast<std::size_t>(declaration.shape.elements()))};
  std::int64_t k = 0;
  Rule* rule = rule_for(declaration.name, k, problems);
  if (rule == nullptr) {
    problems.add(label + ": the mapping has no rule for it");
    return target;
  }
  rule->used = true;
  if (rule->parameter.fill) {
    std::ranges::fill(target.values, static_cast<float>(*rule->parameter.fill));
    return target;
  }
  std::vector<std::uint8_t> filled(target.values.size(), 0);
  if (rule->parameter.identity) {
    const Shape& shape = target.shape;
    if (shape.rank() != 4 || shape[0] != shape[1] || shape[2] % 2 == 0) {
      problems.add(label + ": no identity, which has as many channels out as in, and an odd kernel");
      return target;
    }
    const std::int64_t area = shape[2] * shape[3];
    for (std::int64_t i = 0; i < shape[0]; ++i) {
      target.values[static_cast<std::size_t>((i * shape[1] + i) * area + area / 2)] = 1;
    }
    return target;
  }
  try {
    for (const MappingTerm& term : rule->parameter.from) add_term(term, k, target, filled);
  } catch (const Error& error) {
    problems.add(format("{}: {}", label, error.what()));
    return target;
  }
  const auto empty = std::ranges::count(filled, std::uint8_t{0});
  if (empty > 0) problems.add(format("{}: no term gives {} of its values", label, empty));
  const auto wrong = std::ranges::find_if(target.values, [](float value) { return !std::isfinite(value); });
  if (wrong != target.values.end()) {
    problems.add(format("{}: would hold {}, expected finite weights", declaration.name, *wrong));
  }
  return target;
}

std::vector<NamedTensor> WeightMapper::make_all(Problems& problems) {
  std::vector<NamedTensor> tensors;
  for (const Parameter& parameter : layout_.entries()) tensors.push_back(make(parameter.declaration, problems));
  for (const Rule& rule : rules_) {
    if (rule.used || rule.parameter.optional) continue;
    problems.add(format("the mapping makes {}, which the network does not have", rule.parameter.name));
  }
  account_for_the_source(problems);
  return tensors;
}

void WeightMapper::account_for_the_source(Problems& problems) {
  for (std::size_t index = 0; index < source_.tensors.size(); ++index) {
    const NamedTensor& tensor = source_.tensors[index];
    const auto unread = std::ranges::count(read_[index], std::uint8_t{0});
    if (unread == 0) continue;
    const auto reason = std::ranges::find_if(
        mapping_.dropped, [&](const MappingReason& each) { return glob_match(each.name, tensor.name); });
    if (reason != mapping_.dropped.end()) {
      dropped_.push_back({tensor.name, unread, reason->because});
      continue;
    }
    const bool all = unread == std::ssize(tensor.values);
    problems.add(format("unread: {} {}{}", tensor.name, to_string(tensor.shape),
                        all ? "" : format(": {} of its {} values", unread, tensor.values.size())));
  }
}

}  // namespace nextframe
