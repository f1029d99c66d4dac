#include "gateway/emitter.h"

#include <algorithm>

#include "base/error.h"

namespace slipway::gateway {
namespace {

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

bool is_one_of(std::string_view text, std::string_view marks) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return (c < 0x80 && std::isalnum(c)) || marks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace

bool is_word(std::string_view text) { return is_one_of(text, "-_.:/@,()%[]!{}|=+*<>^"); }

Line::Line(std::string& out, int indent) : out_(out) { out_.append(static_cast<std::size_t>(indent), ' '); }

Line::~Line() { out_ += '\n'; }

Line& Line::word(std::string_view text) {
  SLIPWAY_CHECK(is_word(text));
  if (!fresh_) out_ += ' ';
  fresh_ = false;
  out_ += text;
  return *this;
}

Line& Line::words(std::string_view text) {
  while (!text.empty()) {
    auto end = std::min(text.find(' '), text.size());
    word(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return *this;
}

Line& Line::quoted(std::string_view text) {
  out_ += (fresh_ ? "" : " ") + quote(text);
  fresh_ = false;
  return *this;
}

Line& Line::format(std::string_view text) { return quoted(escape_format(text)); }

Line& Line::format_around(std::string_view prefix, std::string_view text, std::string_view suffix) {
  return quoted(std::string(prefix) + escape_format(text) + std::string(suffix));
}

// Inside double quotes the proxy gives a meaning to backslash, double quote and dollar.
std::string quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    SLIPWAY_CHECK(!is_control(static_cast<unsigned char>(c)));
    if (c == '\\' || c == '"' || c == '$') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string escape_format(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '%' ? std::string("%%") : std::string(1, c);
  return out;
}

std::string escape_regex(std::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    bool plain = c >= 0x80 || std::isalnum(c) || c == '/' || c == '_' || c == '-';
    if (!plain) out += '\\';
    out += static_cast<char>(c);
  }
  return out;
}

std::string socket_word(std::string_view text) {
  SLIPWAY_CHECK(is_one_of(text, "-_.:/!,"));
  return std::string(text);
}

}  // namespace slipway::gateway
