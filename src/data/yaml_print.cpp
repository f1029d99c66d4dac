#include <yaml.h>

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "data/decimal.h"
#include "data/utf8.h"
#include "data/yaml.h"
#include "data/yaml_scalar.h"

namespace slipway::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Letters as go-yaml sees them when it sorts keys; beyond ASCII everything counts as one.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

// A part of a key that counts as one in the order: a run of digits, or one other character.
std::string_view take_part(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  const std::string_view part = text.substr(0, std::max<std::size_t>(size, 1));
  text.remove_prefix(part.size());
  return part;
}

std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  const std::string_view x = a.substr(std::min(a.find_first_not_of('0'), a.size()));
  const std::string_view y = b.substr(std::min(b.find_first_not_of('0'), b.size()));
  if (x.size() != y.size()) return x.size() <=> y.size();
  return x == y ? a.size() <=> b.size() : x <=> y;
}

std::strong_ordering compare_parts(std::string_view a, std::string_view b) {
  if (is_digit(a[0]) && is_digit(b[0])) return compare_numbers(a, b);
  const auto rank = [](char c) { return is_letter(c) ? 2 : is_digit(c) ? 1 : 0; };
  if (rank(a[0]) != rank(b[0])) return rank(a[0]) <=> rank(b[0]);
  return static_cast<unsigned char>(a[0]) <=> static_cast<unsigned char>(b[0]);
}

// The order of keys in go-yaml's output: other characters, then numbers by their size, then letters.
// (go-yaml's own comparison has cycles, such as v2 < v10 < v1a < v2; this one agrees with it where it has none.)
bool key_less(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const auto order = compare_parts(take_part(a), take_part(b));
    if (order != 0) return order < 0;
  }
  return a.size() < b.size();
}

// Whole numbers below 2^64 as such; others as Go's 'g' format writes them: an exponent of at least two digits below
// 1e-4 and from 1e6 on.
std::string float_text(double d) {
  const double size = std::abs(d);
  if (std::isnan(d)) return ".nan";
  if (std::isinf(d)) return d < 0 ? "-.inf" : ".inf";
  const bool whole = size < 18446744073709551616.0 && size == std::trunc(size);
  if (whole || (size >= 1e-4 && size < 1e6)) return format_double(d);
  const Decimal decimal = shortest_decimal(size);
  const int exponent = decimal.exponent - 1, digits = std::abs(exponent);
  std::string out = (d < 0 ? "-" : "") + decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) out += "." + decimal.digits.substr(1);
  return out + (exponent < 0 ? "e-" : "e+") + (digits < 10 ? "0" : "") + std::to_string(digits);
}

// Every piece that is no UTF-8 as U+FFFD.
std::string valid_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    out += length ? text.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

class Emitter {
 public:
  explicit Emitter(std::string& out) : out_(out) {
    SLIPWAY_CHECK(yaml_emitter_initialize(&emitter_));
    yaml_emitter_set_output(&emitter_, &Emitter::write, &out_);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_width(&emitter_, -1);
  }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;
  ~Emitter() { yaml_emitter_delete(&emitter_); }

  void document(const Value& value) {
    yaml_event_t event;
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(event);
    yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1);
    emit(event);
    print(value);
    yaml_document_end_event_initialize(&event, 1);
    emit(event);
    yaml_stream_end_event_initialize(&event);
    emit(event);
  }

 private:
  static int write(void* out, unsigned char* bytes, std::size_t size) {
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
    return 1;
  }

  void emit(yaml_event_t& event) { SLIPWAY_CHECK(yaml_emitter_emit(&emitter_, &event)); }

  void scalar(std::string_view text, yaml_scalar_style_t style) {
    yaml_event_t event;
    SLIPWAY_CHECK(yaml_scalar_event_initialize(&event, nullptr, nullptr,
                                               reinterpret_cast<const yaml_char_t*>(text.data()),
                                               static_cast<int>(text.size()), 1, 1, style));
    emit(event);
  }

  void string(std::string_view text) {
    if (!base::is_utf8(text)) return string(valid_text(text));
    if (text.find('\n') != text.npos) return scalar(text, YAML_LITERAL_SCALAR_STYLE);
    scalar(text, needs_quotes(text) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
  }

  void print(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::Null:
        return scalar("null", YAML_PLAIN_SCALAR_STYLE);
      case Value::Kind::Bool:
        return scalar(value.as_bool() ? "true" : "false", YAML_PLAIN_SCALAR_STYLE);
      case Value::Kind::Int:
        return scalar(std::to_string(value.as_int()), YAML_PLAIN_SCALAR_STYLE);
      case Value::Kind::Double:
        return scalar(float_text(value.as_double()), YAML_PLAIN_SCALAR_STYLE);
      case Value::Kind::String:
        return string(value.as_string());
      case Value::Kind::Array:
        return sequence(value.items());
      case Value::Kind::Object:
        return mapping(value.members());
    }
  }

  void sequence(std::span<const Value> items) {
    yaml_event_t event;
    yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_SEQUENCE_STYLE);
    emit(event);
    for (const Value& item : items) print(item);
    yaml_sequence_end_event_initialize(&event);
    emit(event);
  }

  void mapping(std::span<const Member> members) {
    yaml_event_t event;
    yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE);
    emit(event);
    std::vector<const Member*> order;
    for (const Member& member : members) order.push_back(&member);
    std::ranges::sort(order, [](const Member* a, const Member* b) { return key_less(a->key.view(), b->key.view()); });
    for (const Member* member : order) {
      string(member->key.view());
      print(member->value);
    }
    yaml_mapping_end_event_initialize(&event);
    emit(event);
  }

  yaml_emitter_t emitter_;
  std::string& out_;
};

}  // namespace

std::string to_yaml(const Value& value) {
  std::string out;
  Emitter(out).document(value);
  return out;
}

}  // namespace slipway::data
