#include "cli/print.h"

#include <algorithm>

#include "base/strings.h"
#include "data/json.h"
#include "data/yaml.h"
#include "view/text.h"

namespace slipway::cli {
namespace {

using data::Value;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string cell_text(const Value& cell) {
  if (cell.is_null()) return "<none>";
  return cell.is_string() ? cell.str() : data::to_json(cell);
}

void append_line(std::string& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i)
    line += i + 1 < cells.size() ? padded(cells[i], widths[i] + 3) : cells[i];
  while (line.ends_with(' ')) line.pop_back();
  out += line + "\n";
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t now = width_of(text);
  return now < width ? text.append(width - now, ' ') : text;
}

void TextTable::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = view::one_line(std::move(cell));
  rows_.push_back(std::move(row));
}

std::string TextTable::text(bool headers) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(headers ? width_of(columns_[i]) : 0);
    for (const auto& row : rows_)
      if (i < row.size()) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  if (headers) append_line(out, columns_, widths);
  for (const auto& row : rows_) append_line(out, row, widths);
  return out;
}

std::string print_tables(const std::vector<Value>& tables, bool wide, bool headers, bool with_namespace) {
  if (tables.empty()) return {};
  std::vector<std::string> columns;
  std::vector<std::size_t> shown;
  if (with_namespace) columns.push_back("NAMESPACE");
  const auto definitions = tables.front()["columnDefinitions"].items();
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    if (!wide && definitions[i]["priority"].as_int() > 0) continue;
    shown.push_back(i);
    columns.push_back(upper(definitions[i]["name"].as_string()));
  }
  TextTable out(columns);
  for (const Value& table : tables)
    for (const Value& row : table["rows"].items()) {
      std::vector<std::string> cells;
      if (with_namespace) cells.push_back(row["object"]["metadata"]["namespace"].str());
      for (std::size_t i : shown) cells.push_back(cell_text(row["cells"].at(i)));
      out.add(std::move(cells));
    }
  return out.is_empty() ? "" : out.text(headers);
}

std::string print_object(const Value& value, Format format) {
  return format == Format::Yaml ? data::to_yaml(value) : data::to_pretty_json(value) + "\n";
}

}  // namespace slipway::cli
