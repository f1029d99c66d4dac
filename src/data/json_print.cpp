#include <array>
#include <charconv>
#include <cmath>

#include "data/decimal.h"
#include "data/json.h"
#include "data/utf8.h"

namespace slipway::data {
namespace {

// The bytes that a JSON string cannot hold as they are, or that Go escapes so that HTML can hold the text.
constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> special{};
  for (unsigned c = 0; c < 256; ++c)
    special[c] = c < 0x20 || c >= 0x80 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&';
  return special;
}
constexpr std::array<bool, 256> kSpecial = make_special();

void append_unicode_escape(std::string& out, unsigned point) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[point >> shift & 0xF];
}

void append_ascii_escape(std::string& out, char c) {
  constexpr std::string_view kBytes = "\"\\\b\f\n\r\t", kNames = "\"\\bfnrt";
  if (const std::size_t i = kBytes.find(c); i != kBytes.npos) {
    out += '\\';
    out += kNames[i];
  } else {
    append_unicode_escape(out, static_cast<unsigned char>(c));
  }
}

// Appends the character that `text` starts with; returns its length.
std::size_t append_wide(std::string& out, std::string_view text) {
  const std::size_t length = utf8_length(text);
  const std::uint32_t point = length ? utf8_point(text) : 0xFFFD;
  if (length == 0 || point == 0x2028 || point == 0x2029)
    append_unicode_escape(out, point);
  else
    out.append(text.substr(0, length));
  return length ? length : 1;
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!kSpecial[c]) {
      ++i;
      continue;
    }
    out.append(text, done, i - done);
    if (c < 0x80) {
      append_ascii_escape(out, text[i++]);
    } else {
      i += append_wide(out, text.substr(i));
    }
    done = i;
  }
  out.append(text, done);
  out += '"';
}

void append_int(std::string& out, std::int64_t i) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, i).ptr);
}

void append_double(std::string& out, double d) { out += std::isfinite(d) ? format_double(d) : "null"; }

// One printer for both forms: `indent` < 0 is the compact one.
class Printer {
 public:
  Printer(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

  void print(const Value& value, int depth) {
    switch (value.kind()) {
      case Value::Kind::Null:
        out_ += "null";
        break;
      case Value::Kind::Bool:
        out_ += value.as_bool() ? "true" : "false";
        break;
      case Value::Kind::Int:
        append_int(out_, value.as_int());
        break;
      case Value::Kind::Double:
        append_double(out_, value.as_double());
        break;
      case Value::Kind::String:
        append_string(out_, value.as_string());
        break;
      case Value::Kind::Array:
        print_array(value.items(), depth + 1);
        break;
      case Value::Kind::Object:
        print_object(value.members(), depth + 1);
        break;
    }
  }

 private:
  void print_array(std::span<const Value> items, int depth) {
    out_ += '[';
    for (const Value& item : items) {
      separate(&item != items.data(), depth);
      print(item, depth);
    }
    close(']', !items.empty(), depth);
  }

  void print_object(std::span<const Member> members, int depth) {
    out_ += '{';
    for (const Member& member : members) {
      separate(&member != members.data(), depth);
      append_string(out_, member.key.view());
      out_ += pretty_ ? ": " : ":";
      print(member.value, depth);
    }
    close('}', !members.empty(), depth);
  }

  void separate(bool comma, int depth) {
    if (comma) out_ += ',';
    if (pretty_) new_line(depth);
  }

  void close(char bracket, bool filled, int depth) {
    if (pretty_ && filled) new_line(depth - 1);
    out_ += bracket;
  }

  void new_line(int depth) {
    out_ += '\n';
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
  }

  std::string& out_;
  bool pretty_;
};

std::string scientific(const Decimal& d) {
  std::string out = d.digits.substr(0, 1);
  if (d.digits.size() > 1) out += "." + d.digits.substr(1);
  const int exponent = d.exponent - 1;
  return out + (exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(exponent));
}

std::string positional(const Decimal& d) {
  const auto size = static_cast<int>(d.digits.size());
  if (d.exponent <= 0) return "0." + std::string(static_cast<std::size_t>(-d.exponent), '0') + d.digits;
  const auto point = static_cast<std::size_t>(d.exponent);
  if (d.exponent >= size) return d.digits + std::string(point - d.digits.size(), '0');
  return d.digits.substr(0, point) + "." + d.digits.substr(point);
}

}  // namespace

// encoding/json (Go) writes the shortest digits, with an exponent below 1e-6 and from 1e21 on.
std::string format_double(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d < 0 ? "-Inf" : "+Inf";
  const double size = std::abs(d);
  const std::string sign = std::signbit(d) ? "-" : "";
  if (size == 0) return sign + "0";
  const Decimal decimal = shortest_decimal(size);
  return sign + (size < 1e-6 || size >= 1e21 ? scientific(decimal) : positional(decimal));
}

void append_json(std::string& out, const Value& value) { Printer(out, false).print(value, 0); }

std::string to_json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string to_pretty_json(const Value& value) {
  std::string out;
  Printer(out, true).print(value, 0);
  return out;
}

}  // namespace slipway::data
