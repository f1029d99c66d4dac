// Any text must parse or fail, and what parses must evaluate or fail, twice with the same answer.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "data/json.h"
#include "expr/expression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const slipway::data::Value variables =
      *slipway::data::parse_json(R"({"result":[0.97,3,"x",null],"args":{"a":"1"},"n":5,"s":"text"})");
  const auto expression = slipway::expr::Expression::parse({reinterpret_cast<const char*>(bytes), size});
  if (!expression) return 0;
  const auto once = expression->evaluate(variables), again = expression->evaluate(variables);
  SLIPWAY_CHECK(once.has_value() == again.has_value());
  if (once) SLIPWAY_CHECK(slipway::data::to_json(*once) == slipway::data::to_json(*again));
  return 0;
}
