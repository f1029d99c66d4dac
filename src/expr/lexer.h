// Splits an expression into tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/value.h"

namespace slipway::expr {

struct Token {
  enum class Kind : std::uint8_t { Literal, Word, Sign, End };  // a word is a name, keyword or operator in letters
  Kind kind;
  std::string text;   // of a word or sign
  data::Value value;  // of a literal
  int column;

  bool is(std::string_view sign_or_word) const {
    return (kind == Kind::Sign || kind == Kind::Word) && text == sign_or_word;
  }
};

// The tokens, an End last. BadRequest with the column of what cannot be read.
base::Result<std::vector<Token>> tokenize(std::string_view text);

// "column N: problem"
std::unexpected<base::Error> fail_at(base::Code code, int column, const std::string& problem);

}  // namespace slipway::expr
