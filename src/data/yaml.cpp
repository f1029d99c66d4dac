#include "data/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "base/strings.h"
#include "data/yaml_scalar.h"

namespace slipway::data {
namespace {

using base::Code;

Position position_of(const yaml_mark_t& mark) {
  return {.line = static_cast<int>(mark.line) + 1, .column = static_cast<int>(mark.column) + 1};
}

std::unexpected<base::Error> fail_at(Position at, const std::string& problem) {
  return base::fail(Code::BadRequest,
                    "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " + problem);
}

std::string_view text_of(const yaml_char_t* text) {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

// One libyaml event, freed at the end.
struct Event : yaml_event_t {
  Event() : yaml_event_t{} {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(this); }

  std::string_view anchor() const {
    switch (type) {
      case YAML_SCALAR_EVENT:
        return text_of(data.scalar.anchor);
      case YAML_SEQUENCE_START_EVENT:
        return text_of(data.sequence_start.anchor);
      case YAML_MAPPING_START_EVENT:
        return text_of(data.mapping_start.anchor);
      default:
        return {};
    }
  }
  bool is_merge_key() const {
    if (type != YAML_SCALAR_EVENT || data.scalar.length != 2 || text_of(data.scalar.value) != "<<") return false;
    return data.scalar.plain_implicit || text_of(data.scalar.tag) == "tag:yaml.org,2002:merge";
  }
};

// The parser of libyaml over a text.
class Events {
 public:
  explicit Events(std::string_view text) {
    SLIPWAY_CHECK(yaml_parser_initialize(&parser_));
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() { yaml_parser_delete(&parser_); }

  base::Result<void> next(Event& event) {
    yaml_event_delete(&event);
    if (yaml_parser_parse(&parser_, &event)) return {};
    const Position at = parser_.error == YAML_READER_ERROR ? reader_position() : position_of(parser_.problem_mark);
    std::string problem = parser_.problem ? parser_.problem : "the text cannot be read";
    if (parser_.context)
      problem += std::string(" ") + parser_.context + " from line " + std::to_string(parser_.context_mark.line + 1);
    return fail_at(at, problem);
  }

 private:
  Position reader_position() const { return position_of(parser_.mark); }

  yaml_parser_t parser_;
};

// A built subtree: its value, what it counts for the limits, and whether it is finished (an alias may not lie in its
// anchor).
struct Node {
  Value value;
  std::size_t nodes = 1;
  int height = 0;  // containers on the longest way down: 0 for a scalar, 1 for []
};

using Positions = std::vector<std::pair<std::string, Position>>;

std::string item_path(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }
std::string member_path(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

base::Result<Value> resolve_tagged(std::string_view tag, std::string_view text, bool plain, Position at) {
  if (tag.empty()) return plain ? resolve_plain_scalar(text) : Value(text);
  if (!tag.starts_with("tag:yaml.org,2002:")) return Value(text);
  tag.remove_prefix(std::string_view("tag:yaml.org,2002:").size());
  if (tag == "str" || tag == "timestamp" || tag == "merge") return Value(text);
  if (tag == "binary") {
    const auto bytes = base::base64_decode(text);
    if (!bytes || !base::is_utf8(*bytes)) return fail_at(at, "!!binary is not base64 of text");
    return Value(*bytes);
  }
  Value value = resolve_plain_scalar(text);
  if (tag == "float" && value.is_int()) value = Value(value.as_double());
  const bool fits = (tag == "null" && value.is_null()) || (tag == "bool" && value.is_bool()) ||
                    (tag == "int" && value.is_int()) || (tag == "float" && value.is_number());
  if (!fits) return fail_at(at, "cannot read \"" + std::string(text) + "\" as !!" + std::string(tag));
  return value;
}

// The text of a scalar as a JSON key. Nothing when it cannot be one.
std::optional<std::string> key_text(const Value& key) {
  if (key.is_string()) return key.str();
  if (key.is_bool() || key.is_number()) return to_json(key);
  return {};
}

// Builds the Values of one stream. A function that fails returns its error; the event it was given is consumed.
class Builder {
 public:
  Builder(std::string_view text, const ParseOptions& options, bool want_positions)
      : events_(text), options_(options), want_positions_(want_positions) {}

  base::Result<std::vector<YamlDocument>> run() {
    std::vector<YamlDocument> documents;
    for (Event event;;) {
      if (auto read = events_.next(event); !read) return std::unexpected(std::move(read.error()));
      if (event.type == YAML_STREAM_END_EVENT) return documents;
      if (event.type != YAML_DOCUMENT_START_EVENT) continue;
      auto document = build_document();
      if (!document) return std::unexpected(std::move(document.error()));
      if (!document->value.is_null()) documents.push_back(std::move(*document));
    }
  }

 private:
  base::Result<YamlDocument> build_document() {
    anchors_.clear();
    positions_.clear();
    nodes_ = 0;
    Event event;
    if (auto read = events_.next(event); !read) return std::unexpected(std::move(read.error()));
    const Position start = position_of(event.start_mark);
    auto root = build(event, "", 0);
    if (!root) return std::unexpected(std::move(root.error()));
    std::ranges::sort(positions_, {}, &Positions::value_type::first);
    return YamlDocument{.value = std::move(root->value), .start = start, .positions = std::move(positions_)};
  }

  // The node that starts with `event`, `depth` containers deep.
  base::Result<Node> build(const Event& event, const std::string& path, int depth) {
    const Position at = position_of(event.start_mark);
    if (event.type == YAML_ALIAS_EVENT) return follow(text_of(event.data.alias.anchor), at, depth);
    if (++nodes_ > options_.limits.max_nodes) return fail_at(at, "too many values in one document");
    const std::string anchor(event.anchor());
    if (!anchor.empty()) anchors_[anchor] = nullptr;  // not finished: must not be used inside itself
    auto node = build_content(event, path, depth, at);
    if (node && !anchor.empty()) anchors_[anchor] = std::make_shared<Node>(*node);
    return node;
  }

  base::Result<Node> build_content(const Event& event, const std::string& path, int depth, Position at) {
    if (event.type == YAML_SCALAR_EVENT) return build_scalar(event, at);
    if (depth >= options_.limits.max_depth) return fail_at(at, "nested too deeply");
    return event.type == YAML_MAPPING_START_EVENT ? build_mapping(path, depth + 1) : build_sequence(path, depth + 1);
  }

  base::Result<Node> follow(std::string_view anchor, Position at, int depth) {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) return fail_at(at, "unknown anchor '" + std::string(anchor) + "' referenced");
    if (!it->second) return fail_at(at, "anchor '" + std::string(anchor) + "' value contains itself");
    nodes_ += it->second->nodes;
    if (nodes_ > options_.limits.max_nodes) return fail_at(at, "too many values in one document, aliases included");
    if (depth + it->second->height > options_.limits.max_depth)
      return fail_at(at, "nested too deeply, aliases included");
    return *it->second;
  }

  base::Result<Node> build_scalar(const Event& event, Position at) {
    const auto& scalar = event.data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    auto value = resolve_tagged(text_of(scalar.tag), text, scalar.plain_implicit, at);
    if (!value) return std::unexpected(std::move(value.error()));
    if (value->kind() == Value::Kind::Double && !std::isfinite(value->as_double()))
      return fail_at(at, "\"" + std::string(text) + "\" is not a number that JSON knows");
    return Node{.value = std::move(*value)};
  }

  base::Result<Node> build_sequence(const std::string& path, int depth) {
    Node out{.height = 1};
    std::vector<Value> items;
    for (Event event;;) {
      if (auto read = events_.next(event); !read) return std::unexpected(std::move(read.error()));
      if (event.type == YAML_SEQUENCE_END_EVENT) break;
      const std::string here = want_positions_ ? item_path(path, items.size()) : std::string();
      note(here, event);
      auto item = build(event, here, depth);
      if (!item) return std::unexpected(std::move(item.error()));
      add(out, *item);
      items.push_back(std::move(item->value));
    }
    out.value = Value::array_of(std::move(items));
    return out;
  }

  // A mapping as it is read: `marks` are the positions of its keys, unknown for those that a merge brought in.
  struct Mapping {
    std::vector<Member> members;
    std::vector<Position> marks;

    void add(Key key, Value value, Position at) {
      members.push_back({std::move(key), std::move(value)});
      marks.push_back(at);
    }
    // As in go-yaml v2, a merge overrides what stands before it; of a sequence, earlier mappings win.
    void merge(const Value& from) {
      for (std::size_t i = from.items().size(); i > 0; --i) merge(from.at(i - 1));
      for (const Member& member : from.members()) add(member.key, member.value, {});
    }
  };

  base::Result<Node> build_mapping(const std::string& path, int depth) {
    Node out{.height = 1};
    Mapping mapping;
    for (Event event;;) {
      if (auto read = events_.next(event); !read) return std::unexpected(std::move(read.error()));
      if (event.type == YAML_MAPPING_END_EVENT) break;
      if (auto done = build_member(event, mapping, out, path, depth); !done)
        return std::unexpected(std::move(done.error()));
    }
    if (auto unique = check_duplicates(mapping, path); !unique) return std::unexpected(std::move(unique.error()));
    out.value = Value::object_of(std::move(mapping.members));
    return out;
  }

  // One key, which `event` holds, and its value.
  base::Result<void> build_member(Event& event, Mapping& mapping, Node& out, const std::string& path, int depth) {
    const bool merge = event.is_merge_key();
    const Position at = position_of(event.start_mark);
    auto key = merge ? std::string() : build_key(event);
    if (!key) return std::unexpected(std::move(key.error()));
    const std::string here = want_positions_ && !merge ? member_path(path, *key) : path;
    if (!merge) note(here, event);
    if (auto read = events_.next(event); !read) return std::unexpected(std::move(read.error()));
    auto value = build(event, here, depth);
    if (!value) return std::unexpected(std::move(value.error()));
    add(out, *value);
    if (!merge) return mapping.add(Key(*key), std::move(value->value), at), base::Result<void>();
    if (!is_mergeable(value->value)) return fail_at(at, "map merge requires map or sequence of maps as the value");
    mapping.merge(value->value);
    return {};
  }

  base::Result<std::string> build_key(const Event& event) {
    const Position at = position_of(event.start_mark);
    if (event.type != YAML_SCALAR_EVENT && event.type != YAML_ALIAS_EVENT) return fail_at(at, "a key must be a scalar");
    auto node = build(event, "", 0);
    if (!node) return std::unexpected(std::move(node.error()));
    auto text = key_text(node->value);
    if (!text) return fail_at(at, "a key must be a string, a number or a bool");
    return std::move(*text);
  }

  static bool is_mergeable(const Value& v) {
    return v.is_object() ||
           (v.is_array() && std::ranges::all_of(v.items(), [](const Value& item) { return item.is_object(); }));
  }

  base::Result<void> check_duplicates(const Mapping& mapping, const std::string& path) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < mapping.members.size(); ++i)
      if (mapping.marks[i].line > 0) order.push_back(i);
    const auto key_of = [&](std::size_t i) { return mapping.members[i].key.view(); };
    std::ranges::sort(order, [&](auto a, auto b) { return std::pair(key_of(a), a) < std::pair(key_of(b), b); });
    for (std::size_t i = 1; i < order.size(); ++i) {
      const std::string key(key_of(order[i]));
      if (key != key_of(order[i - 1])) continue;
      const Position at = mapping.marks[order[i]];
      if (!options_.duplicates) return fail_at(at, "key \"" + key + "\" already set in map");
      options_.duplicates->push_back({.at = at, .path = member_path(path, key), .message = "duplicate field"});
    }
    return {};
  }

  static void add(Node& parent, const Node& child) {
    parent.nodes += child.nodes;
    parent.height = std::max(parent.height, child.height + 1);
  }

  void note(const std::string& path, const Event& event) {
    if (want_positions_) positions_.emplace_back(path, position_of(event.start_mark));
  }

  Events events_;
  const ParseOptions& options_;
  bool want_positions_;
  std::map<std::string, std::shared_ptr<Node>, std::less<>> anchors_;
  Positions positions_;
  std::size_t nodes_ = 0;
};

base::Result<std::vector<YamlDocument>> read_stream(std::string_view text, const ParseOptions& options,
                                                    bool want_positions) {
  if (text.size() > options.limits.max_bytes)
    return base::fail(Code::TooLarge, "the text is larger than " + std::to_string(options.limits.max_bytes) + " bytes");
  auto documents = Builder(text, options, want_positions).run();
  if (documents || !base::trim(text).starts_with('{')) return documents;
  // JSON that is no YAML: tabs between values, or surrogate pairs in escapes.
  if (options.duplicates) options.duplicates->clear();
  auto json = parse_json(text, options);
  if (!json) return documents;
  std::vector<YamlDocument> out(1);
  out[0] = {.value = std::move(*json), .start = {.line = 1, .column = 1}};
  return out;
}

}  // namespace

Position YamlDocument::position_of(std::string_view path) const {
  for (;;) {
    const auto it = std::ranges::lower_bound(positions, path, {}, &Positions::value_type::first);
    if (it != positions.end() && it->first == path) return it->second;
    const std::size_t cut = path.find_last_of(".[");
    if (cut == path.npos) return start;
    path = path.substr(0, cut);
  }
}

base::Result<std::vector<YamlDocument>> parse_yaml_stream(std::string_view text, const ParseOptions& options) {
  return read_stream(text, options, true);
}

base::Result<Value> parse_yaml(std::string_view text, const ParseOptions& options) {
  auto documents = read_stream(text, options, options.duplicates != nullptr);
  if (!documents) return std::unexpected(std::move(documents.error()));
  if (documents->size() != 1)
    return base::fail(Code::BadRequest, "expected one document, found " + std::to_string(documents->size()));
  return std::move(documents->front().value);
}

}  // namespace slipway::data
