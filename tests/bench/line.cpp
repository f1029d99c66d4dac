#include "line.h"

#include <fmt/core.h>

#include <algorithm>

namespace slipway::bench {

using data::Value;

namespace {

constexpr std::size_t kColumns = 4;

std::vector<std::string> cells_of(const Line& line) { return {line.what, line.measured, line.target, line.beside}; }

std::string row_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string out = "|";
  for (std::size_t i = 0; i < kColumns; ++i) out += fmt::format(" {:<{}} |", cells[i], widths[i]);
  return out + "\n";
}

}  // namespace

std::string table_of(const Lines& lines) {
  std::vector<std::vector<std::string>> rows = {{"what", "measured", "target", "beside it, in the same run"}};
  for (const Line& line : lines) rows.push_back(cells_of(line));
  std::vector<std::size_t> widths(kColumns);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out = row_of(rows[0], widths) + "|";
  for (const std::size_t width : widths) out += std::string(width + 2, '-') + "|";
  out += "\n";
  for (std::size_t i = 1; i < rows.size(); ++i) out += row_of(rows[i], widths);
  return out;
}

Value json_of(const Lines& lines) {
  Value out = Value::array();
  for (const Line& line : lines)
    out.push_back(Value::object({{"what", line.what},
                                 {"measured", line.measured},
                                 {"target", line.target},
                                 {"beside", line.beside},
                                 {"numbers", line.numbers}}));
  return out;
}

std::string number(double value) {
  if (value < 10) return fmt::format("{:.2f}", value);
  if (value < 100) return fmt::format("{:.1f}", value);
  std::string digits = fmt::format("{:.0f}", value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

}  // namespace slipway::bench
