// How objects and tables look in a terminal or a pipe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "data/value.h"

namespace slipway::cli {

// Rows of text under upper-case column names, three spaces between columns, none at the ends of lines.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row);  // without colours: what a terminal obeys is taken out
  bool is_empty() const { return rows_.empty(); }
  std::string text(bool headers = true) const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Width in columns of a terminal: characters, not bytes.
std::size_t width_of(std::string_view text);
std::string padded(std::string text, std::size_t width);

// meta.k8s.io/v1 Tables of one resource, one below the other.
std::string print_tables(const std::vector<data::Value>& tables, bool wide, bool headers, bool with_namespace);

// JSON (indented) or YAML, ending with a line break.
std::string print_object(const data::Value& value, Format format);

}  // namespace slipway::cli
