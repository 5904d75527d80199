// SPDX-License-Identifier: GPL-3.0
/*
    Copyright 2021 0KIMS association.

    This file is generated with [snarkJS](https://github.com/iden3/snarkjs).

    snarkJS is a free software: you can redistribute it and/or modify it
    under the terms of the GNU General Public License as published by
    the Free Software Foundation, either version 3 of the License, or
    (at your option) any later version.

    snarkJS is distributed in the hope that it will be useful, but WITHOUT
    ANY WARRANTY; without even the implied warranty of MERCHANTABILITY
    or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public
    License for more details.

    You should have received a copy of the GNU General Public License
    along with snarkJS. If not, see <https://www.gnu.org/licenses/>.
*/

pragma solidity >=0.8.4 <0.9.0;

/// @title DevelopmentMCommittedVerifier: made for keys whose secrets everybody knows
/// @dev Anybody can prove anything to it. It deploys on the chains of local development only.
contract DevelopmentMCommittedVerifier {
    /// The hash of "plimsoll/M-committed" with version 1.
    bytes32 public constant CIRCUIT_ID = 0x7ed82922531025220b3d82d01f1c5e08fd09a2aa14d5cd09150a97f9d8f6e17b;

    /// Development keys prove nothing to anybody, so they have no business on a chain where others act.
    error DevelopmentChainsOnly(uint256 chainId);

    constructor() {
        if (block.chainid != 31337 && block.chainid != 1337) revert DevelopmentChainsOnly(block.chainid);
    }

    // Scalar field size
    uint256 constant r    = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    // Base field size
    uint256 constant q   = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    // Verification Key data
    uint256 constant alphax  = 1864875107951612902765634273856579545540166377521444590148509714093402731688;
    uint256 constant alphay  = 19959429744778711812413515347954327675232558000057549483622068100609232320207;
    uint256 constant betax1  = 20806219203110950160322960300816790621906235360619417511691545803757538610258;
    uint256 constant betax2  = 19337721296052092678800609098647188130703890257046478210258126176818537331185;
    uint256 constant betay1  = 1354577357038045478582199166516822260923231709126369818342492676170314072895;
    uint256 constant betay2  = 2469619942973516256590630256935402202078655123513421602668538701973882174572;
    uint256 constant gammax1 = 11559732032986387107991004021392285783925812861821192530917403151452391805634;
    uint256 constant gammax2 = 10857046999023057135944570762232829481370756359578518086990519993285655852781;
    uint256 constant gammay1 = 4082367875863433681332203403145435568316851327593401208105741076214120093531;
    uint256 constant gammay2 = 8495653923123431417604973247489272438418190587263600148770280649306958101930;
    uint256 constant deltax1 = 12830702414182261977043312458202954948487184668311843491774628173735088732489;
    uint256 constant deltax2 = 18701862556353965607703103256252071967689899984923962404913730640137929806412;
    uint256 constant deltay1 = 999338443972040299432048988125605294766346777724049771380281763090873316414;
    uint256 constant deltay2 = 1715164286838293560794915676266273143965608089698650765937452338549979842575;


    uint256 constant IC0x = 1246668243628356561633593730230335133877112476065028203384265325599422775012;
    uint256 constant IC0y = 2949661183461649546723370591429294583415284042527424429003121741843628911110;

    uint256 constant IC1x = 13143145361181015371576716277820024196936510252933966699865143838028660186630;
    uint256 constant IC1y = 2703456479324625459826443622642142505043047950809000115350269874799874049372;

    uint256 constant IC2x = 13125728034986469975562301354615552021915134760711452566095634392147888683202;
    uint256 constant IC2y = 17749280682221489347760102626883955346401836513929424387690295459237247922513;

    uint256 constant IC3x = 11386840138114262207040706652605362823409486642119172367183932949387827316059;
    uint256 constant IC3y = 18904651445900610208038784657838502344393955333311250865892166162851115398676;

    uint256 constant IC4x = 21265096952411511794815456034224048661104761528245625472873154216606848049361;
    uint256 constant IC4y = 9676194408051378955078504825278273522746126280014792209954828640339415609009;

    uint256 constant IC5x = 19444922004766347363964353201452783765961115047085520850656520532565438051809;
    uint256 constant IC5y = 14115933731726895541775902093279657477954826894773990951703354291964483339072;

    uint256 constant IC6x = 13059180542263626105089149437818236447827082655302574903790123195417788227529;
    uint256 constant IC6y = 19940860060383727796697917084716799535419130433578219343296948224925943701796;

    uint256 constant IC7x = 2835163628955717944266779369351642952269033380240523609319949301011666871827;
    uint256 constant IC7y = 1502975386414818252110393789181465452313167271927775670918060946418286687909;

    uint256 constant IC8x = 1366673853028415582709254965298210531759688281333638553236400990987188432023;
    uint256 constant IC8y = 19183681345363304752178376131816804420954831006881291538123013041864542564349;

    uint256 constant IC9x = 14414464351626543254735784626788144347678641778533868677077950759295534719218;
    uint256 constant IC9y = 16512306328786203661742339399852970626334173470653988852612247476742605895329;


    // Memory data
    uint16 constant pVk = 0;
    uint16 constant pPairing = 128;

    uint16 constant pLastMem = 896;

    function verifyProof(uint[2] calldata _pA, uint[2][2] calldata _pB, uint[2] calldata _pC, uint[9] calldata _pubSignals) public view returns (bool) {
        assembly {
            function checkField(v) {
                if iszero(lt(v, r)) {
                    mstore(0, 0)
                    return(0, 0x20)
                }
            }

            // G1 function to multiply a G1 value(x,y) to value in an address
            function g1_mulAccC(pR, x, y, s) {
                let success
                let mIn := mload(0x40)
                mstore(mIn, x)
                mstore(add(mIn, 32), y)
                mstore(add(mIn, 64), s)

                success := staticcall(sub(gas(), 2000), 7, mIn, 96, mIn, 64)

                if iszero(success) {
                    mstore(0, 0)
                    return(0, 0x20)
                }

                mstore(add(mIn, 64), mload(pR))
                mstore(add(mIn, 96), mload(add(pR, 32)))

                success := staticcall(sub(gas(), 2000), 6, mIn, 128, pR, 64)

                if iszero(success) {
                    mstore(0, 0)
                    return(0, 0x20)
                }
            }

            function checkPairing(pA, pB, pC, pubSignals, pMem) -> isOk {
                let _pPairing := add(pMem, pPairing)
                let _pVk := add(pMem, pVk)

                mstore(_pVk, IC0x)
                mstore(add(_pVk, 32), IC0y)

                // Compute the linear combination vk_x

                g1_mulAccC(_pVk, IC1x, IC1y, calldataload(add(pubSignals, 0)))

                g1_mulAccC(_pVk, IC2x, IC2y, calldataload(add(pubSignals, 32)))

                g1_mulAccC(_pVk, IC3x, IC3y, calldataload(add(pubSignals, 64)))

                g1_mulAccC(_pVk, IC4x, IC4y, calldataload(add(pubSignals, 96)))

                g1_mulAccC(_pVk, IC5x, IC5y, calldataload(add(pubSignals, 128)))

                g1_mulAccC(_pVk, IC6x, IC6y, calldataload(add(pubSignals, 160)))

                g1_mulAccC(_pVk, IC7x, IC7y, calldataload(add(pubSignals, 192)))

                g1_mulAccC(_pVk, IC8x, IC8y, calldataload(add(pubSignals, 224)))

                g1_mulAccC(_pVk, IC9x, IC9y, calldataload(add(pubSignals, 256)))


                // -A
                mstore(_pPairing, calldataload(pA))
                mstore(add(_pPairing, 32), mod(sub(q, calldataload(add(pA, 32))), q))

                // B
                mstore(add(_pPairing, 64), calldataload(pB))
                mstore(add(_pPairing, 96), calldataload(add(pB, 32)))
                mstore(add(_pPairing, 128), calldataload(add(pB, 64)))
                mstore(add(_pPairing, 160), calldataload(add(pB, 96)))

                // alpha1
                mstore(add(_pPairing, 192), alphax)
                mstore(add(_pPairing, 224), alphay)

                // beta2
                mstore(add(_pPairing, 256), betax1)
                mstore(add(_pPairing, 288), betax2)
                mstore(add(_pPairing, 320), betay1)
                mstore(add(_pPairing, 352), betay2)

                // vk_x
                mstore(add(_pPairing, 384), mload(add(pMem, pVk)))
                mstore(add(_pPairing, 416), mload(add(pMem, add(pVk, 32))))


                // gamma2
                mstore(add(_pPairing, 448), gammax1)
                mstore(add(_pPairing, 480), gammax2)
                mstore(add(_pPairing, 512), gammay1)
                mstore(add(_pPairing, 544), gammay2)

                // C
                mstore(add(_pPairing, 576), calldataload(pC))
                mstore(add(_pPairing, 608), calldataload(add(pC, 32)))

                // delta2
                mstore(add(_pPairing, 640), deltax1)
                mstore(add(_pPairing, 672), deltax2)
                mstore(add(_pPairing, 704), deltay1)
                mstore(add(_pPairing, 736), deltay2)


                let success := staticcall(sub(gas(), 2000), 8, _pPairing, 768, _pPairing, 0x20)

                isOk := and(success, mload(_pPairing))
            }

            let pMem := mload(0x40)
            mstore(0x40, add(pMem, pLastMem))

            // Validate that all evaluations ∈ F

            checkField(calldataload(add(_pubSignals, 0)))

            checkField(calldataload(add(_pubSignals, 32)))

            checkField(calldataload(add(_pubSignals, 64)))

            checkField(calldataload(add(_pubSignals, 96)))

            checkField(calldataload(add(_pubSignals, 128)))

            checkField(calldataload(add(_pubSignals, 160)))

            checkField(calldataload(add(_pubSignals, 192)))

            checkField(calldataload(add(_pubSignals, 224)))

            checkField(calldataload(add(_pubSignals, 256)))


            // Validate all evaluations
            let isValid := checkPairing(_pA, _pB, _pC, _pubSignals, pMem)

            mstore(0, isValid)
             return(0, 0x20)
         }
     }
 }
