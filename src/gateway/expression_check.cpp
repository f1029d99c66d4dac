#include "gateway/expression_check.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <re2/re2.h>

#include <memory>

namespace slipway::gateway {
namespace {

std::string words_for(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

// Compiled with the options of the proxy for a match that catches nothing.
std::string proxy_refusal(const std::string& expression) {
  int code = 0;
  PCRE2_SIZE at = 0;
  const std::unique_ptr<pcre2_code, void (*)(pcre2_code*)> compiled(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.c_str()), PCRE2_ZERO_TERMINATED, PCRE2_NO_AUTO_CAPTURE,
                    &code, &at, nullptr),
      pcre2_code_free);
  if (!compiled) return words_for(code);
  code = pcre2_jit_compile(compiled.get(), PCRE2_JIT_COMPLETE);
  return code == 0 || code == PCRE2_ERROR_JIT_BADOPTION ? "" : words_for(code);
}

}  // namespace

std::string full_match(std::string_view expression) { return "^(?:" + std::string(expression) + ")$"; }

std::string refusal_of(std::string_view expression) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 compiled(re2::StringPiece(expression.data(), expression.size()), options);
  if (!compiled.ok()) return compiled.error();
  if (expression.find("\\C") != expression.npos) return "\\C";
  return proxy_refusal(full_match(expression));
}

}  // namespace slipway::gateway
