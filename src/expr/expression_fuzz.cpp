// Any text must parse or fail, and what parses must evaluate or fail, twice with the same answer. What is a predicate
// must hold or not, whatever the attributes are.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "data/json.h"
#include "expr/expression.h"
#include "expr/predicate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const slipway::data::Value variables =
      *slipway::data::parse_json(R"({"result":[0.97,3,"x",null],"args":{"a":"1"},"n":5,"s":"text"})");
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto predicate = slipway::expr::parse_predicate(text)) {
    SLIPWAY_CHECK(slipway::expr::Expression::parse(text).has_value());
    for (const char* value : {"", "DE", "17"})
      (void)predicate->holds([value](const slipway::expr::Comparison& c) { return c.holds_for(value); });
  }
  const auto expression = slipway::expr::Expression::parse(text);
  if (!expression) return 0;
  const auto once = expression->evaluate(variables), again = expression->evaluate(variables);
  SLIPWAY_CHECK(once.has_value() == again.has_value());
  if (once) SLIPWAY_CHECK(slipway::data::to_json(*once) == slipway::data::to_json(*again));
  return 0;
}
