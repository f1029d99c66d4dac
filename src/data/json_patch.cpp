// RFC 6902 over RFC 6901 pointers.
#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "data/json.h"
#include "data/patch.h"

namespace slipway::data {
namespace {

using base::Code;

constexpr std::size_t kMostOperations = 10'000;
constexpr std::size_t kMostCopied = 1'000'000;  // values, all copies of one patch together

using Pointer = std::vector<std::string>;
using Status = base::Result<void>;

std::unexpected<base::Error> invalid(std::string problem) { return base::fail(Code::Invalid, std::move(problem)); }
std::unexpected<base::Error> malformed(std::string problem) { return base::fail(Code::BadRequest, std::move(problem)); }

base::Result<Pointer> read_pointer(const Value& value, const char* name) {
  const std::string_view text = value.as_string();
  if (!value.is_string()) return malformed(std::string("the operation needs a \"") + name + "\"");
  if (text.empty()) return Pointer();
  if (!text.starts_with('/')) return malformed("a JSON pointer starts with /: \"" + std::string(text) + "\"");
  Pointer out;
  for (std::string_view token : base::split(text.substr(1), '/'))
    out.push_back(base::replace_all(base::replace_all(token, "~1", "/"), "~0", "~"));
  return out;
}

std::string text_of(const Pointer& pointer) { return "/" + base::join(pointer, "/"); }

// The element that `token` means in an array of `size` elements. With `beyond`, the place after the last one counts.
std::optional<std::size_t> index_of(std::string_view token, std::size_t size, bool beyond) {
  if (token == "-") return beyond ? std::optional(size) : std::nullopt;
  const auto number = base::parse_int(token);
  if (!number || (token.size() > 1 && token[0] == '0')) return {};
  const auto places = static_cast<std::int64_t>(size + (beyond ? 1 : 0));
  const std::int64_t index = *number < 0 ? *number + places : *number;
  if (index < 0 || index >= places) return {};
  return static_cast<std::size_t>(index);
}

// What the pointer means in the document; null when nothing is there.
const Value* find(const Value& document, const Pointer& pointer) {
  const Value* v = &document;
  for (const std::string& token : pointer) {
    if (v->is_object() && v->has(token)) {
      v = &(*v)[token];
    } else if (v->is_array()) {
      const auto index = index_of(token, v->size(), false);
      if (!index) return nullptr;
      v = &v->at(*index);
    } else {
      return nullptr;
    }
  }
  return v;
}

// The container that holds what the pointer means, to be changed in place; the way there must exist.
Value* find_parent(Value& document, const Pointer& pointer) {
  const Pointer way(pointer.begin(), pointer.end() - 1);
  if (!find(document, way)) return nullptr;
  Value* v = &document;
  for (const std::string& token : way)
    v = v->is_object() ? &v->member(token) : &v->element(*index_of(token, v->size(), false));
  return v->is_object() || v->is_array() ? v : nullptr;
}

Status add(Value& document, const Pointer& pointer, Value value) {
  if (pointer.empty()) return document = std::move(value), Status();
  Value* parent = find_parent(document, pointer);
  if (!parent) return invalid("add: the parent of " + text_of(pointer) + " is not there");
  if (parent->is_object()) return parent->set(pointer.back(), std::move(value)), Status();
  const auto index = index_of(pointer.back(), parent->size(), true);
  if (!index) return invalid("add: " + text_of(pointer) + " is outside of the array");
  return parent->insert_at(*index, std::move(value)), Status();
}

Status remove(Value& document, const Pointer& pointer) {
  if (!find(document, pointer)) return invalid("remove: " + text_of(pointer) + " is not there");
  if (pointer.empty()) return document = Value(), Status();
  Value* parent = find_parent(document, pointer);
  if (parent->is_object())
    parent->erase(pointer.back());
  else
    parent->erase_at(*index_of(pointer.back(), parent->size(), false));
  return {};
}

Status replace(Value& document, const Pointer& pointer, Value value) {
  if (!find(document, pointer)) return invalid("replace: " + text_of(pointer) + " is not there");
  if (pointer.empty()) return document = std::move(value), Status();
  Value* parent = find_parent(document, pointer);
  if (parent->is_object())
    parent->set(pointer.back(), std::move(value));
  else
    parent->set_at(*index_of(pointer.back(), parent->size(), false), std::move(value));
  return {};
}

Status test(const Value& document, const Pointer& pointer, const Value& expected) {
  const Value* there = find(document, pointer);
  if ((there ? *there : kNull) == expected) return {};
  return invalid("test: " + text_of(pointer) + (there ? " has another value" : " is not there"));
}

bool starts_with(const Pointer& pointer, const Pointer& prefix) {
  return pointer.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), pointer.begin());
}

// Values in the tree, or anything over `budget` when there are more.
std::size_t count(const Value& v, std::size_t budget) {
  std::size_t total = 1;
  for (const Value& item : v.items())
    if (total <= budget) total += count(item, budget - total);
  for (const Member& member : v.members())
    if (total <= budget) total += count(member.value, budget - total);
  return total;
}

bool is_deeper_than(const Value& v, int depth) {
  if (!v.is_array() && !v.is_object()) return false;
  if (depth == 0) return true;
  return std::ranges::any_of(v.items(), [&](const Value& item) { return is_deeper_than(item, depth - 1); }) ||
         std::ranges::any_of(v.members(), [&](const Member& m) { return is_deeper_than(m.value, depth - 1); });
}

// Applies the operations of one patch, one after the other.
class Patcher {
 public:
  explicit Patcher(Value document) : document_(std::move(document)) {}

  Status apply(const Value& operation) {
    const std::string_view op = operation["op"].as_string();
    const auto path = read_pointer(operation["path"], "path");
    if (!path) return std::unexpected(path.error());
    if (op == "remove") return remove(document_, *path);
    if (op == "move" || op == "copy") return relocate(operation, *path, op == "move");
    const bool known = op == "add" || op == "replace" || op == "test";
    if (!known) return malformed("unknown operation \"" + std::string(op) + "\"");
    if (!operation.has("value") && op != "test")
      return malformed(std::string(op) + ": the operation needs a \"value\"");
    if (op == "add") return add(document_, *path, operation["value"]);
    if (op == "replace") return replace(document_, *path, operation["value"]);
    return test(document_, *path, operation["value"]);
  }

  base::Result<Value> result() && {
    if (is_deeper_than(document_, ParseLimits().max_depth))
      return base::fail(Code::TooLarge, "the result is nested too deeply");
    return std::move(document_);
  }

 private:
  Status relocate(const Value& operation, const Pointer& path, bool move) {
    const auto from = read_pointer(operation["from"], "from");
    if (!from) return std::unexpected(from.error());
    const Value* there = find(document_, *from);
    if (!there) return invalid(operation["op"].str() + ": " + text_of(*from) + " is not there");
    if (move && starts_with(path, *from)) return invalid("move: " + text_of(*from) + " cannot move into itself");
    Value value = *there;
    if (move) {
      if (Status removed = remove(document_, *from); !removed) return removed;
    } else {
      copied_ += count(value, kMostCopied - copied_);
      if (copied_ > kMostCopied) return base::fail(Code::TooLarge, "the patch copies too much");
    }
    return add(document_, path, std::move(value));
  }

  Value document_;
  std::size_t copied_ = 0;
};

}  // namespace

base::Result<Value> apply_json_patch(const Value& document, const Value& patch) {
  if (!patch.is_array()) return malformed("a JSON patch is an array of operations");
  if (patch.size() > kMostOperations)
    return base::fail(Code::TooLarge, "a JSON patch has at most " + std::to_string(kMostOperations) + " operations");
  Patcher patcher(document);
  for (const Value& operation : patch.items())
    if (Status done = patcher.apply(operation); !done) return std::unexpected(std::move(done.error()));
  return std::move(patcher).result();
}

}  // namespace slipway::data
