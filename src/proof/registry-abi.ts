import { SUBMISSION_TYPE } from './calldata.ts';

/** What is called at SolvencyRegistry, and the reasons for which it refuses: its own errors, and those of AttestorRegistry that come through it. */
export const REGISTRY_ABI: readonly string[] = [
  `function submitBreach(${SUBMISSION_TYPE} submission)`,
  `function submitSolvent(${SUBMISSION_TYPE} submission)`,
  'error CircuitNotActive(bytes32 circuitId)',
  'error DeadlinePassed(uint256 deadline)',
  'error SignalOutOfField(uint256 index)',
  'error NotInTerms(uint8 purpose, uint256 coverage, uint256 scope)',
  'error ClaimRefused(uint256 claim)',
  'error SnapshotRefused(uint256 snapshot)',
  'error WrongDomain()',
  'error WrongBinding()',
  'error NullifierUsed(uint256 nullifier)',
  'error ProofRefused()',
  'error AttestorNotActive(uint256 attestor)',
  'error SignerNotActive(address signer)',
  'error SignatureLength(uint256 length)',
  'error TooFewSignatures(uint256 count, uint256 threshold)',
  'error InvalidSignature(uint256 index)',
  'error SignersNotAscending(uint256 index)',
];
