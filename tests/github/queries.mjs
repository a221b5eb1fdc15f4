// Checks GraphQL operations against GitHub's schema: node queries.mjs FOLDER FILE… where FOLDER holds schema.graphql.
// The schema itself has defects (fields that are defined twice), which do not matter here.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const [folder, ...files] = process.argv.slice(2);
const { buildSchema, parse, validate } = createRequire(`${folder}/`)("graphql");
const schema = buildSchema(readFileSync(`${folder}/schema.graphql`, "utf8"), { assumeValid: true });
let complaints = 0;
for (const file of files) {
  for (const error of validate(schema, parse(readFileSync(file, "utf8")))) {
    complaints += 1;
    console.error(`${file}: ${error.message}`);
  }
}
process.exit(complaints === 0 ? 0 : 1);
