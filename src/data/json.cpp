#include "data/json.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "data/utf8.h"

namespace slipway::data {
namespace {

using base::Code;

Position position_at(std::string_view text, std::size_t offset) {
  Position at{.line = 1, .column = 1};
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n')
      at = {.line = at.line + 1, .column = 1};
    else
      ++at.column;
  }
  return at;
}

// True for the bytes of a string that stand for themselves without a second look.
bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

// True when all eight bytes are plain.
bool are_plain(const char* p) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  const std::uint64_t quote = word ^ (kOnes * '"'), slash = word ^ (kOnes * '\\');
  const std::uint64_t odd = (word - kOnes * 0x20) | (quote - kOnes) | (slash - kOnes) | word;
  return (odd & kHigh) == 0;
}

// A recursive-descent parser. A failing function returns false after `fail`, which notes the first problem only.
class Parser {
 public:
  Parser(std::string_view text, const ParseOptions& options)
      : begin_(text.data()), p_(begin_), end_(begin_ + text.size()), options_(options) {}

  base::Result<Value> run() {
    Value value;
    if (static_cast<std::size_t>(end_ - begin_) > options_.limits.max_bytes)
      return base::fail(Code::TooLarge,
                        "the document is larger than " + std::to_string(options_.limits.max_bytes) + " bytes");
    if (parse_value(value, 0)) {
      skip_space();
      if (p_ == end_) return value;
      fail("text after the end of the value");
    }
    const Position at = position_at({begin_, end_}, static_cast<std::size_t>(problem_at_ - begin_));
    return base::fail(Code::BadRequest,
                      "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " + problem_);
  }

 private:
  bool fail(const char* problem) {
    problem_ = problem;
    problem_at_ = p_;
    return false;
  }

  void skip_space() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
  }

  bool parse_value(Value& out, int depth) {
    skip_space();
    if (p_ == end_) return fail("unexpected end of the text, a value is missing");
    if (++nodes_ > options_.limits.max_nodes) return fail("too many values in one document");
    switch (*p_) {
      case '{':
        return parse_object(out, depth + 1);
      case '[':
        return parse_array(out, depth + 1);
      case '"':
        return parse_string_value(out);
      case 't':
        return parse_word("true", true, out);
      case 'f':
        return parse_word("false", false, out);
      case 'n':
        return parse_word("null", Value(), out);
      default:
        return parse_number(out);
    }
  }

  bool parse_word(std::string_view word, Value value, Value& out) {
    if (!std::string_view(p_, end_).starts_with(word)) return fail("unknown word, expected a value");
    p_ += word.size();
    out = std::move(value);
    return true;
  }

  // The elements of all open arrays and members of all open objects wait on two stacks, so that every container
  // is allocated once, in its final size.
  bool parse_array(Value& out, int depth) {
    if (depth > options_.limits.max_depth) return fail("nested too deeply");
    ++p_;
    const std::size_t base = items_.size();
    if (!next_is(']')) {
      do {
        const std::size_t reported = reports();
        Value item;
        if (!parse_value(item, depth)) return false;
        prefix_reports(reported, "[", items_.size() - base);
        items_.push_back(std::move(item));
      } while (next_is(','));
      if (!next_is(']'))
        return fail(p_ == end_ ? "unexpected end of the text in an array" : "expected , or ] in an array");
    }
    const auto first = items_.begin() + static_cast<std::ptrdiff_t>(base);
    out = Value::array_of(std::vector<Value>(std::make_move_iterator(first), std::make_move_iterator(items_.end())));
    items_.resize(base);
    return true;
  }

  bool parse_object(Value& out, int depth) {
    if (depth > options_.limits.max_depth) return fail("nested too deeply");
    ++p_;
    const std::size_t base = members_.size();
    if (!next_is('}')) {
      do
        if (!parse_member(base, depth)) return false;
      while (next_is(','));
      if (!next_is('}'))
        return fail(p_ == end_ ? "unexpected end of the text in an object" : "expected , or } in an object");
    }
    const auto first = members_.begin() + static_cast<std::ptrdiff_t>(base);
    out =
        Value::object_of(std::vector<Member>(std::make_move_iterator(first), std::make_move_iterator(members_.end())));
    members_.erase(first, members_.end());
    return true;
  }

  bool parse_member(std::size_t base, int depth) {
    skip_space();
    if (p_ == end_) return fail("unexpected end of the text in an object");
    if (*p_ != '"') return fail("expected a key in quotes");
    const char* at = p_;
    std::string_view text;
    if (!parse_string(text)) return false;
    Key key(text);
    if (!next_is(':')) return fail("expected : after a key");
    if (options_.duplicates) report_duplicate(base, key, at);
    const std::size_t reported = reports();
    Value value;
    if (!parse_value(value, depth)) return false;
    prefix_reports(reported, key.view());
    members_.push_back(Member{std::move(key), std::move(value)});
    return true;
  }

  bool next_is(char c) {
    skip_space();
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }

  // --- duplicate keys: reported with a path relative to their object, which grows on the way out -----------------

  std::size_t reports() const { return options_.duplicates ? options_.duplicates->size() : 0; }

  void report_duplicate(std::size_t base, const Key& key, const char* at) {
    for (std::size_t i = base; i < members_.size(); ++i) {
      if (!(members_[i].key == key.view())) continue;
      options_.duplicates->push_back({.at = position_at({begin_, end_}, static_cast<std::size_t>(at - begin_)),
                                      .path = key.str(),
                                      .message = "duplicate field"});
      return;
    }
  }

  void prefix_reports(std::size_t from, std::string_view key) {
    for (std::size_t i = from; i < reports(); ++i) {
      std::string& path = (*options_.duplicates)[i].path;
      path = path.starts_with('[') ? std::string(key) + path : std::string(key) + "." + path;
    }
  }
  void prefix_reports(std::size_t from, const char* bracket, std::size_t index) {
    if (from == reports()) return;
    prefix_reports(from, bracket + std::to_string(index) + "]");
  }

  // --- strings -----------------------------------------------------------------------------------------------------

  bool parse_string_value(Value& out) {
    std::string_view text;
    if (!parse_string(text)) return false;
    out = Value(text);
    return true;
  }

  // The contents of the string at p_: a piece of the input where nothing is escaped, else of `unescaped_`.
  bool parse_string(std::string_view& out) {
    const char* start = ++p_;
    if (!skip_verbatim()) return false;
    if (*p_ == '"') {
      out = {start, p_++};
      return true;
    }
    unescaped_.assign(start, p_);
    while (*p_ != '"') {
      if (!parse_escape()) return false;
      const char* from = p_;
      if (!skip_verbatim()) return false;
      unescaped_.append(from, p_);
    }
    ++p_;
    out = unescaped_;
    return true;
  }

  // Moves to the next quote or backslash.
  bool skip_verbatim() {
    for (;;) {
      while (end_ - p_ >= 8 && are_plain(p_)) p_ += 8;
      while (p_ != end_ && is_plain(static_cast<unsigned char>(*p_))) ++p_;
      if (p_ == end_) return fail("unexpected end of the text in a string");
      if (*p_ == '"' || *p_ == '\\') return true;
      if (static_cast<unsigned char>(*p_) < 0x20) return fail("a control character in a string must be escaped");
      const std::size_t length = utf8_length({p_, end_});
      if (length == 0) return fail("the text is not valid UTF-8");
      p_ += length;
    }
  }

  bool parse_escape() {
    if (end_ - p_ < 2) return fail("unexpected end of the text in a string");
    constexpr std::string_view kNames = "\"\\/bfnrt", kBytes = "\"\\/\b\f\n\r\t";
    if (p_[1] == 'u') return parse_unicode_escape();
    const std::size_t index = kNames.find(p_[1]);
    if (index == kNames.npos) return fail("unknown escape in a string");
    unescaped_ += kBytes[index];
    p_ += 2;
    return true;
  }

  bool parse_unicode_escape() {
    std::uint32_t point = 0, low = 0;
    if (!parse_hex4(p_ + 2, point)) return fail("\\u needs four hexadecimal digits");
    const bool paired = point >= 0xD800 && point < 0xDC00;
    if (point >= 0xDC00 && point < 0xE000) return fail("a surrogate without its first half");
    if (paired) {
      if (end_ - p_ < 12 || p_[6] != '\\' || p_[7] != 'u' || !parse_hex4(p_ + 8, low) || low < 0xDC00 || low > 0xDFFF)
        return fail("a surrogate without its second half");
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(unescaped_, point);
    p_ += paired ? 12 : 6;
    return true;
  }

  bool parse_hex4(const char* digits, std::uint32_t& out) const {
    if (end_ - digits < 4) return false;
    const auto [rest, error] = std::from_chars(digits, digits + 4, out, 16);
    return error == std::errc() && rest == digits + 4 && *digits != '-';
  }

  // --- numbers -----------------------------------------------------------------------------------------------------

  bool skip_digits() {
    const char* start = p_;
    while (p_ != end_ && *p_ >= '0' && *p_ <= '9') ++p_;
    return p_ != start;
  }

  bool parse_number(Value& out) {
    const char* start = p_;
    if (p_ != end_ && *p_ == '-') ++p_;
    const char* digits = p_;
    if (!skip_digits()) return fail(digits == start ? "unexpected character, expected a value" : "expected a digit");
    if (*digits == '0' && p_ - digits > 1) return fail("a number cannot start with 0");
    const char* whole = p_;
    if (p_ != end_ && *p_ == '.' && (++p_, !skip_digits())) return fail("expected a digit after the point");
    if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
      ++p_;
      if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
      if (!skip_digits()) return fail("expected a digit in the exponent");
    }
    std::int64_t integer = 0;
    if (p_ == whole && std::from_chars(start, p_, integer).ec == std::errc()) {
      out = Value(integer);
      return true;
    }
    return parse_double(start, out);
  }

  bool parse_double(const char* start, Value& out) {
    double number = 0;
    if (std::from_chars(start, p_, number).ec == std::errc::result_out_of_range)
      number = std::strtod(std::string(start, p_).c_str(), nullptr);  // tells too small (nearest double) from too large
    if (!std::isfinite(number)) return fail("the number is out of range");
    out = Value(number);
    return true;
  }

  const char* begin_;
  const char* p_;
  const char* end_;
  const ParseOptions& options_;
  std::size_t nodes_ = 0;
  std::vector<Value> items_;
  std::vector<Member> members_;
  std::string unescaped_;
  const char* problem_ = "";
  const char* problem_at_ = nullptr;
};

}  // namespace

base::Result<Value> parse_json(std::string_view text, const ParseOptions& options) {
  return Parser(text, options).run();
}

}  // namespace slipway::data
