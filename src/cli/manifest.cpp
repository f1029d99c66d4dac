#include "cli/manifest.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "api/meta.h"
#include "api/scheme.h"
#include "api/validate.h"
#include "base/strings.h"

namespace slipway::cli {
namespace {

using data::Position;
using data::Value;

// One document's text, and the line of its source at which it begins.
struct Piece {
  std::string_view text;
  int first_line;
};

// YAML documents are divided by lines that begin with "---".
std::vector<Piece> split_documents(std::string_view text) {
  std::vector<Piece> out;
  std::size_t start = 0;
  int line = 1, first_line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string_view here = text.substr(at, end - at);
    if (here.starts_with("---") &&
        (here.size() == 3 || std::string_view(" \t\r\n").find(here[3]) != std::string_view::npos) && at > start) {
      out.push_back({text.substr(start, at - start), first_line});
      start = at, first_line = line;
    }
    at = end, ++line;
  }
  out.push_back({text.substr(std::min(start, text.size())), first_line});
  return out;
}

// The place that a parser's message begins with ("line 3, column 7: ..."), taken off the message.
Position take_position(std::string& message) {
  Position at;
  int used = 0;
  if (std::sscanf(message.c_str(), "line %d, column %d: %n", &at.line, &at.column, &used) != 2 || used == 0) return {};
  message.erase(0, static_cast<std::size_t>(used));
  return at;
}

// A context that the parser names ("while parsing a flow sequence from line 5"), moved like everything else.
void shift_context(std::string& message, int lines) {
  constexpr std::string_view kMark = " from line ";
  const std::size_t at = message.rfind(kMark);
  const auto line =
      at == message.npos ? std::nullopt : base::parse_int(std::string_view(message).substr(at + kMark.size()));
  if (line) message.replace(at + kMark.size(), message.npos, std::to_string(*line + lines));
}

void shift(data::YamlDocument& document, int lines) {
  document.start.line += lines;
  for (auto& [path, at] : document.positions) at.line += lines;
}

// What every object must have, whatever its kind.
void check_object(const Manifest& manifest, std::vector<Problem>& problems) {
  const Value& v = manifest.content.value;
  const auto add = [&](const std::string& path, const std::string& message) {
    problems.push_back({manifest.source, manifest.document, manifest.content.position_of(path), path, message});
  };
  if (!v.is_object()) return add("", "an object was expected");
  for (const char* field : {"apiVersion", "kind"})
    if (v[field].as_string().empty()) add(field, "is missing");
  const Value& metadata = v["metadata"];
  const Value& name = metadata["name"];
  if (name.is_bool() || name.is_number())
    add("metadata.name", "is read as a number or as true or false: put it in quotes");
  else if (name.as_string().empty() && metadata["generateName"].as_string().empty())
    add("metadata.name", "is missing");
}

// Items of a List become documents of their own, at their own places.
void add_document(Manifest manifest, Manifests& out) {
  const Value& v = manifest.content.value;
  if (v["kind"].as_string().ends_with("List") && v["items"].is_array()) {
    for (std::size_t i = 0; i < v["items"].size(); ++i) {
      const std::string prefix = "items[" + std::to_string(i) + "]";
      Manifest item{manifest.source, manifest.document, {v["items"].at(i), manifest.content.position_of(prefix), {}}};
      for (const auto& [path, at] : manifest.content.positions)
        if (path.starts_with(prefix + ".")) item.content.positions.emplace_back(path.substr(prefix.size() + 1), at);
      add_document(std::move(item), out);
    }
    return;
  }
  check_object(manifest, out.problems);
  out.documents.push_back(std::move(manifest));
}

void read_piece(const std::string& source, const Piece& piece, int& document, Manifests& out) {
  std::vector<data::Diagnostic> duplicates;
  auto parsed = data::parse_yaml_stream(piece.text, {.duplicates = &duplicates});
  const int lines = piece.first_line - 1;
  if (!parsed) {
    Problem problem{source, ++document, {}, "", parsed.error().message};
    problem.at = take_position(problem.message);
    if (problem.at.line > 0) problem.at.line += lines;
    shift_context(problem.message, lines);
    out.problems.push_back(std::move(problem));
    return;
  }
  if (!parsed->empty()) ++document;
  for (const data::Diagnostic& d : duplicates)
    out.problems.push_back({source, document, {d.at.line > 0 ? d.at.line + lines : 0, d.at.column}, d.path, d.message});
  for (data::YamlDocument& content : *parsed) {
    shift(content, lines);
    add_document({source, document, std::move(content)}, out);
  }
}

// The field that a message names first, in the path syntax of the document: data[a] is data.a there. Refusals of a
// whole document come without causes, but name the field.
std::string field_in(const data::YamlDocument& document, std::string_view message) {
  constexpr std::string_view kEnds = " :\",;";
  while (!message.empty()) {
    const std::size_t end = std::min(message.find_first_of(kEnds), message.size());
    std::string path(message.substr(0, end));
    for (std::size_t open = path.find('['); open != path.npos; open = path.find('[', open + 1))
      if (const std::size_t close = path.find(']', open);
          close != path.npos && !base::parse_uint(path.substr(open + 1, close - open - 1)))
        path.erase(close, 1)[open] = '.';
    const bool known =
        std::ranges::binary_search(document.positions, path, {}, &std::pair<std::string, Position>::first);
    if (known && path.find_first_of(".[") != path.npos) return path;
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return {};
}

// All fields of a strict refusal, which an API server lists in one sentence: `strict decoding error: unknown field
// "spec.a", duplicate field "spec.b"`.
std::vector<base::Cause> strict_causes(std::string_view message) {
  std::vector<base::Cause> out;
  if (!message.contains("strict decoding error: ")) return out;
  for (const auto& [mark, meaning] : {std::pair{std::string_view("unknown field \""), "there is no such field"},
                                      std::pair{std::string_view("duplicate field \""), "is there more than once"}})
    for (std::size_t at = message.find(mark); at != message.npos; at = message.find(mark, at)) {
      at += mark.size();
      const std::string field(message.substr(at, message.find('"', at) - at));
      out.push_back({.reason = "FieldValueInvalid", .message = meaning, .field = field});
    }
  return out;
}

void append(Manifests& to, Manifests from) {
  std::ranges::move(from.documents, std::back_inserter(to.documents));
  std::ranges::move(from.problems, std::back_inserter(to.problems));
}

std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".yaml" || extension == ".yml" || extension == ".json") out.push_back(entry.path().string());
  }
  std::ranges::sort(out);
  return out;
}

Manifests load_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return {{}, {{path, 0, {}, "", std::string("cannot be read: ") + std::strerror(errno)}}};
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return read_manifests(path, text);
}

Manifests load_path(const std::string& path) {
  if (path == "-") {
    const std::string text((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
    return read_manifests("standard input", text);
  }
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return load_file(path);
  Manifests out;
  const auto files = files_of(path);
  if (files.empty()) out.problems.push_back({path, 0, {}, "", "holds no *.yaml, *.yml or *.json"});
  for (const std::string& file : files) append(out, load_file(file));
  return out;
}

}  // namespace

std::string to_text(const Problem& problem) {
  std::string out = problem.source;
  if (problem.at.line > 0) out += ":" + std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column);
  if (problem.document > 0) out += ": document " + std::to_string(problem.document);
  if (!problem.path.empty()) out += ": " + problem.path;
  return out + ": " + problem.message;
}

Manifests read_manifests(const std::string& source, std::string_view text) {
  Manifests out;
  int document = 0;
  for (const Piece& piece : split_documents(text)) read_piece(source, piece, document, out);
  if (out.documents.empty() && out.problems.empty()) out.problems.push_back({source, 0, {}, "", "holds no object"});
  return out;
}

Manifests load_manifests(const std::vector<std::string>& paths) {
  Manifests out;
  for (const std::string& path : paths) append(out, load_path(path));
  return out;
}

std::vector<Problem> problems_of(const Manifest& manifest, const base::Error& error) {
  std::vector<Problem> out;
  const auto place = [&](const std::string& path) { return manifest.content.position_of(path); };
  for (const base::Cause& cause : error.causes.empty() ? strict_causes(error.message) : error.causes)
    out.push_back({manifest.source, manifest.document, place(cause.field), cause.field, cause.message});
  const std::string field = field_in(manifest.content, error.message);
  if (out.empty()) out.push_back({manifest.source, manifest.document, place(field), field, error.message});
  return out;
}

std::vector<Problem> problems_of(const Manifest& manifest) {
  Value object = manifest.content.value;
  const auto scheme = api::Scheme::builtin();
  const api::Kind* kind = scheme->find_kind(object["apiVersion"].as_string(), object["kind"].as_string());
  if (!kind) return {};
  if (kind->resource.namespaced && api::space_of(object).empty()) object.set({"metadata", "namespace"}, "default");
  std::vector<std::string> unknown;
  std::vector<base::Cause> causes;
  const Value clean = api::conform(*kind, object, unknown, causes);
  if (causes.empty()) causes = api::validate(*kind, api::with_defaults(*kind, clean), {});
  for (const std::string& path : unknown)
    causes.push_back({.reason = "FieldValueInvalid", .message = "there is no such field", .field = path});
  if (causes.empty()) return {};
  return problems_of(manifest, {.code = base::Code::Invalid, .message = "is invalid", .causes = std::move(causes)});
}

}  // namespace slipway::cli
