export { icon } from "../dom";
