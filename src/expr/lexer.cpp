#include "expr/lexer.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"

namespace slipway::expr {
namespace {

using base::Code;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  base::Result<std::vector<Token>> run() {
    std::vector<Token> out;
    for (;;) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      auto token = at_ == text_.size() ? Token{Token::Kind::End, "", {}, column()} : next();
      if (!token) return std::unexpected(std::move(token.error()));
      out.push_back(std::move(*token));
      if (out.back().kind == Token::Kind::End) return out;
    }
  }

 private:
  int column() const { return static_cast<int>(at_) + 1; }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  base::Result<Token> next() {
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '"' || c == '\'') return quoted(c);
    if (c == '`') return raw();
    return is_letter(c) ? word() : sign();
  }

  Token word() {
    Token token{Token::Kind::Word, "", {}, column()};
    while (is_letter(peek()) || is_digit(peek())) token.text += text_[at_++];
    if (token.text == "true" || token.text == "false")
      return {Token::Kind::Literal, "", token.text == "true", token.column};
    if (token.text == "nil") return {Token::Kind::Literal, "", {}, token.column};
    return token;
  }

  base::Result<Token> sign() {
    constexpr std::string_view kSigns[] = {"==", "!=", "<=", ">=", "&&", "||", "**", "??", "?.", "<",
                                           ">",  "!",  "+",  "-",  "*",  "/",  "%",  "^",  "(",  ")",
                                           "[",  "]",  "{",  "}",  "?",  ":",  ",",  ".",  "#"};
    for (std::string_view s : kSigns) {
      if (!text_.substr(at_).starts_with(s)) continue;
      Token token{Token::Kind::Sign, std::string(s), {}, column()};
      at_ += s.size();
      return token;
    }
    return fail_at(Code::BadRequest, column(), std::string("unexpected character '") + peek() + "'");
  }

  // Digits of a number as long as they belong to it; underscores are dropped.
  std::string digits(bool (*belongs)(char)) {
    std::string out;
    for (; belongs(peek()) || (peek() == '_' && !out.empty()); ++at_)
      if (peek() != '_') out += peek();
    return out;
  }

  base::Result<Token> number() {
    const int start = column();
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      at_ += 2;
      return hexadecimal(start);
    }
    std::string whole = digits(is_digit), rest;
    if (peek() == '.' && is_digit(peek(1))) ++at_, rest = "." + digits(is_digit);
    if (peek() == 'e' || peek() == 'E') {
      const bool sign = peek(1) == '+' || peek(1) == '-';
      if (!is_digit(peek(sign ? 2 : 1))) return fail_at(Code::BadRequest, column(), "an exponent needs digits");
      rest += "e" + std::string(sign && peek(1) == '-' ? "-" : "");
      at_ += sign ? 2 : 1;
      rest += digits(is_digit);
    }
    if (rest.empty())
      if (const auto integer = base::parse_int(whole)) return Token{Token::Kind::Literal, "", *integer, start};
    const auto number = base::parse_double(whole + rest);
    if (!number) return fail_at(Code::BadRequest, start, "the number is out of range");
    return Token{Token::Kind::Literal, "", *number, start};
  }

  base::Result<Token> hexadecimal(int start) {
    const std::string text =
        digits([](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
    std::int64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (read.ec != std::errc()) return fail_at(Code::BadRequest, start, "not a hexadecimal number");
    return Token{Token::Kind::Literal, "", value, start};
  }

  base::Result<Token> raw() {
    const int start = column();
    const std::size_t end = text_.find('`', at_ + 1);
    if (end == text_.npos) return fail_at(Code::BadRequest, start, "the text has no end");
    Token token{Token::Kind::Literal, "", text_.substr(at_ + 1, end - at_ - 1), start};
    at_ = end + 1;
    return token;
  }

  base::Result<Token> quoted(char quote) {
    const int start = column();
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] != '\\') {
        out += text_[at_];
        continue;
      }
      constexpr std::string_view kNames = "\\\"'`nrt", kBytes = "\\\"'`\n\r\t";
      const std::size_t index = kNames.find(peek(1));
      if (at_ + 1 == text_.size() || index == kNames.npos)
        return fail_at(Code::BadRequest, column(), "unknown escape in a text");
      out += kBytes[index];
      ++at_;
    }
    if (at_ == text_.size()) return fail_at(Code::BadRequest, start, "the text has no end");
    ++at_;
    return Token{Token::Kind::Literal, "", out, start};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::unexpected<base::Error> fail_at(Code code, int column, const std::string& problem) {
  return base::fail(code, "column " + std::to_string(column) + ": " + problem);
}

base::Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace slipway::expr
