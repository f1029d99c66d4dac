#include "runtime/exposition.h"

#include <charconv>
#include <cmath>

namespace slipway::runtime {
namespace {

// Label values escape backslash, quote and line feed; help texts backslash and line feed.
void write_escaped(std::string& out, std::string_view text, bool quote) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quote)
      out += "\\\"";
    else
      out += c;
  }
}

}  // namespace

void write_head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ");
  write_escaped(out, help, false);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

std::string metric_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

void write_sample(std::string& out, std::string_view name, const LabelPairs& labels, std::string_view value) {
  out.append(name);
  char before = '{';
  for (const auto& [key, text] : labels) {
    out.append(1, before).append(key).append("=\"");
    write_escaped(out, text, true);
    out.append("\"");
    before = ',';
  }
  if (!labels.empty()) out.append("}");
  out.append(" ").append(value).append("\n");
}

}  // namespace slipway::runtime
