import { expect, test } from "bun:test";
import { avatar } from "./avatar";

test("is svg", () => expect(avatar("a")).toStartWith("<svg"));
